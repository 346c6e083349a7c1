-- The privileges of the application's roles in the database that psql is connected to. roles.sql reads this file; it is safe to repeat.
-- The default privileges cover every table that a later migration of ponte_owner creates.

SET client_min_messages = warning;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO ponte_app, ponte_system, ponte_staff;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ponte_app, ponte_system, ponte_staff;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ponte_app, ponte_system, ponte_staff;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO ponte_app, ponte_system, ponte_staff;

ALTER DEFAULT PRIVILEGES FOR ROLE ponte_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ponte_app, ponte_system, ponte_staff;
ALTER DEFAULT PRIVILEGES FOR ROLE ponte_owner GRANT USAGE, SELECT ON SEQUENCES TO ponte_app, ponte_system, ponte_staff;
ALTER DEFAULT PRIVILEGES FOR ROLE ponte_owner GRANT EXECUTE ON FUNCTIONS TO ponte_app, ponte_system, ponte_staff;
