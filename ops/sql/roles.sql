-- Creates Ponte's roles, database and privileges, on the embedded server or a hosted PostgreSQL (15 or newer).
-- Safe to repeat. Run it with psql, as the administrator that your host gives you:
--
--   PONTE_OWNER_PASSWORD=… PONTE_APP_PASSWORD=… psql "$ADMIN_URL" -v ON_ERROR_STOP=1 -v database=ponte -f ops/sql/roles.sql
--
-- ponte_owner  owns the database and every table; runs the migrations (DATABASE_OWNER_URL)
-- ponte_app    web, worker and beat (DATABASE_URL): reads and writes rows, but cannot change tables or switch
--              row-level security off; it sees the rows of one client at a time
-- ponte_system, ponte_staff
--              nobody signs in as these. ponte_app becomes one of them for a transaction that must see all rows: work
--              that belongs to no client, and the admin
-- ponte_reader nobody signs in as it. A role of yours that is a member of it sees the rows of all clients in the tables
--              that it may SELECT from
-- The passwords come from the environment, so that no command line shows them. Without them, no password is changed.

\if :{?database}
\else
  \set database ponte
\endif
\set owner_password ''
\set app_password ''
\getenv owner_password PONTE_OWNER_PASSWORD
\getenv app_password PONTE_APP_PASSWORD

SET client_min_messages = warning;

SELECT 'CREATE ROLE ponte_owner' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ponte_owner')
\gexec
SELECT 'CREATE ROLE ponte_app' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ponte_app')
\gexec
SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY['ponte_system', 'ponte_staff', 'ponte_reader']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
-- CREATEDB lets the owner create the database of a test run.
ALTER ROLE ponte_owner LOGIN CREATEDB NOCREATEROLE;
-- Not inheriting, because a policy for a role holds for all who inherit from it: it would show ponte_app all rows.
ALTER ROLE ponte_app LOGIN NOCREATEDB NOCREATEROLE NOINHERIT;
ALTER ROLE ponte_system NOLOGIN NOCREATEDB NOCREATEROLE;
ALTER ROLE ponte_staff NOLOGIN NOCREATEDB NOCREATEROLE;
ALTER ROLE ponte_reader NOLOGIN NOCREATEDB NOCREATEROLE;
-- The owner sees all rows anyway. It is a member for installations that run all of Ponte as the owner.
GRANT ponte_system, ponte_staff TO ponte_app, ponte_owner;
SELECT format('ALTER ROLE ponte_owner PASSWORD %L', :'owner_password') WHERE :'owner_password' <> ''
\gexec
SELECT format('ALTER ROLE ponte_app PASSWORD %L', :'app_password') WHERE :'app_password' <> ''
\gexec

-- On most hosts the administrator is not a superuser, and must be a member of ponte_owner to give it a database.
SELECT format('GRANT ponte_owner TO %I', current_user)
WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
\gexec

SELECT format('CREATE DATABASE %I OWNER ponte_owner ENCODING ''UTF8'' TEMPLATE template0', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
\gexec
SELECT format('ALTER DATABASE %I OWNER TO ponte_owner', datname) FROM pg_database
WHERE datname = :'database' AND pg_get_userbyid(datdba) <> 'ponte_owner'
\gexec
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE :"database" TO ponte_app;
GRANT TEMPORARY ON DATABASE :"database" TO ponte_system, ponte_staff;

\connect :"database"
\ir privileges.sql
