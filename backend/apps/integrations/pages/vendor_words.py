"""What the services' own error codes mean to a person, by provider. Those of Slack are in a module of their own."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Table = dict[str, Promise]

_NEW_TOKEN = _("The gateway does not know this token any more. Enter the token that it shows now.")
_TOO_MANY = _("Too many messages in a short time. Ponte tries again by itself.")
_WHATSAPP: Table = {
    "not_on_whatsapp": _("This number is not on WhatsApp. Nothing was sent."),
    "not_linked": _("The phone is not linked to WhatsApp. Scan the code at your gateway, then test again."),
    "invalid_token": _NEW_TOKEN,
    "bad_request": _("The gateway does not accept a value of the message."),
    "rate_limited": _TOO_MANY,
    "server_full": _("The gateway's server has no room for more numbers. Ask your gateway for another server."),
    "new_chats_capped": _("WhatsApp does not let this number write to new people now. Wait some hours."),
    "send_failed": _(
        "The gateway accepted the message and could not send it. Look at the gateway, then send it again."
    ),
    "failed": _("WhatsApp did not deliver the message."),
    "canceled": _("The message was cancelled at the gateway."),
    "http_401": _NEW_TOKEN,
    "http_404": _("There is no gateway at this address. Check it."),
    "http_413": _("The file is too big for WhatsApp."),
    "http_415": _("WhatsApp does not accept files of this format."),
    "http_429": _TOO_MANY,
}

_WRONG_LOGIN = _(
    "The mail server does not accept this user name and password. Check both; many providers want an app password."
)
_NOT_FROM_HERE = _(
    "The mail server refuses the message: the recipient does not exist, or this account may not send "
    "from this sender's address."
)
_REFUSED_MAIL = _(
    "The mail server refuses messages from here: for their content, or for the reputation of the sender "
    "or of this server's address."
)
_SMTP: Table = {
    "smtp_421": _("The mail server is shutting down or overloaded. Ponte tries again by itself."),
    "smtp_432": _("The mail server wants a new password first. Change it there, then enter it here."),
    "smtp_452": _("The mail server accepts no more recipients, or is full. Ponte tries again by itself."),
    "smtp_530": _("The mail server wants a login. Enter a user name and a password."),
    "smtp_534": _("The mail server wants another login, for example an app password. Make one at your provider."),
    "smtp_535": _WRONG_LOGIN,
    "smtp_538": _("The mail server wants encryption. Choose STARTTLS or TLS."),
    "smtp_550": _NOT_FROM_HERE,
    "smtp_551": _("The recipient's mailbox has moved to another server. Ask the recipient for the new address."),
    "smtp_552": _("The message is too big for the server, or the recipient's mailbox is full."),
    "smtp_553": _NOT_FROM_HERE,
    "smtp_554": _REFUSED_MAIL,
    "smtp_4xx": _("The mail server asks to wait. Ponte tries again by itself."),
    "smtp_5xx": _("The mail server refuses this for good. Its operators know why."),
    "connect": _("The mail server cannot be reached. Check its name and the port."),
    "dns": _("No mail server has this name. Check it for a typing error."),
    "tls": _("The encrypted connection to the mail server broke. Check the port and the kind of encryption."),
    "bad_certificate": _("The mail server's certificate is for another name, has expired, or is not trusted."),
    "no_starttls": _("The mail server does not offer STARTTLS. Choose TLS and port 465."),
    "no_login": _("The mail server offers no login with a password on this port. Try another port or encryption."),
    "no_smtputf8": _("An address has accents before the @, and the mail server does not accept that."),
    "too_big": _("The message is larger than the mail server accepts."),
    "plaintext": _("Without encryption others could read the password on the way. Choose STARTTLS or TLS."),
    "not_smtp": _("There is no mail server at this address. Check its name and the port."),
    "timeout": _("The mail server took too long to answer. Check the port and the kind of encryption."),
}

_WRONG_KEY = _(
    "SendGrid does not accept this API key: it is wrong, or it was deleted. Make a new one and enter it here."
)
_TOO_MUCH_MAIL = _("SendGrid accepts no more messages for now. Ponte tries again by itself.")
_SENDGRID: Table = {
    "invalid_key": _WRONG_KEY,
    "missing_scope": _("The API key may not send mail. Make one with the permission Mail Send."),
    "sender_not_verified": _(
        "The sender's address is not verified at SendGrid. Verify it there under Sender Authentication."
    ),
    "credits_exceeded": _("The account has used up the messages of its plan. Change the plan at SendGrid, or wait."),
    "too_many_requests": _TOO_MUCH_MAIL,
    "http_400": _("SendGrid does not accept a value of the message."),
    "http_401": _WRONG_KEY,
    "http_403": _("SendGrid does not let this account send: it is under review, suspended or blocked. Ask SendGrid."),
    "http_406": _("SendGrid does not accept the request. Tell the operators of this server."),
    "http_413": _("The message is too big: SendGrid accepts up to 30 MB."),
    "http_429": _TOO_MUCH_MAIL,
}

_WRONG_DATABASE_LOGIN = _("The database does not accept this user or password. Check both.")
_DATABASE_BUSY = _("The database is busy or restarting. Try again later.")
_WRONG_QUERY = _("The query does not fit the database. Whoever wrote it must change it.")
_DATABASE: Table = {
    "08": _("The connection to the database failed or broke. Try again later."),
    "0A": _WRONG_QUERY,
    "21": _WRONG_QUERY,
    "22": _("A value of the query does not fit its column: a wrong number, date or text."),
    "22P02": _("A value of the query does not fit its column: a wrong number, date or text."),
    "25006": _("The query would write, and Ponte only reads."),
    "28": _WRONG_DATABASE_LOGIN,
    "28P01": _("The password of the database is wrong."),
    "3D": _("There is no database of this name on the server."),
    "40": _("The query met another one. Ponte tries again by itself."),
    "42": _WRONG_QUERY,
    "42501": _("The database does not let this user read that. Grant it there: GRANT SELECT."),
    "42703": _("There is no column of this name."),
    "42883": _("The column cannot be compared in this way."),
    "42P01": _("There is no table of this name."),
    "53": _("The database has no connections, memory or disk left. Its operators must act."),
    "54": _("The query is too big or too complex for the database."),
    "55P03": _("Another session has locked the table. Try again later."),
    "57": _DATABASE_BUSY,
    "57014": _("The query took too long. Narrow it, or allow it more time in the settings."),
    "58": _("The database's server has a fault. Its operators must act."),
    "XX": _("The database has a fault. Its operators must act."),
    "table_not_allowed": _("This table is not in the list of tables that may be read. Add it in the settings."),
    "row_too_big": _("A single row is larger than 2 MB. Read fewer columns."),
    "private_address": _(
        "The database is in a private network, where Ponte does not connect to. The operators of this "
        "server can allow it."
    ),
}
_POSTGRES: Table = {
    **_DATABASE,
    "sql_not_allowed": _("Free queries are switched off for this database."),
    "statement_not_allowed": _("The query has a part that is not allowed: only plain SELECTs are."),
    "unreadable_sql": _WRONG_QUERY,
    "same_name": _("Two columns of the answer have the same name. Name one of them otherwise."),
    "unencrypted": _("Without encryption others could read the password on the way. Choose an encryption."),
    "tls": _(
        "The database cannot encrypt, or its certificate is not trusted. Paste the certificate of its authority, "
        "or choose another encryption."
    ),
    "auth_method": _(
        "The server wants the password in plain text, which is only sent to a server that proves its name. "
        "Choose the encryption with proof of the name."
    ),
    "not_postgresql": _("There is no PostgreSQL at this address. Check the server and the port."),
    "unreadable_answer": _("The database's answer cannot be read."),
    "connection": _(
        "The database cannot be reached. Check the server, the port, and whether it accepts connections from here."
    ),
    "dns": _("No server has this name. Check it for a typing error."),
}

_WRONG_SUPABASE_KEY = _("The project does not accept the key. Copy it from Supabase's settings again.")
_PROJECT_DOWN = _("The project does not answer. Look at Supabase's dashboard, then try again.")
_SUPABASE: Table = {
    **_DATABASE,
    "PGRST000": _PROJECT_DOWN,
    "PGRST001": _PROJECT_DOWN,
    "PGRST002": _DATABASE_BUSY,
    "PGRST003": _DATABASE_BUSY,
    "PGRST100": _WRONG_QUERY,
    "PGRST103": _("There are not so many rows."),
    "PGRST106": _("The project's API does not serve this schema. Expose it in Supabase's settings."),
    "PGRST108": _WRONG_QUERY,
    "PGRST116": _("Not exactly one row fits."),
    "PGRST123": _("The project has counting switched off in its API."),
    "PGRST125": _("There is no table of this name."),
    "PGRST204": _("There is no column of this name."),
    "PGRST205": _("There is no table of this name, or the key may not see it."),
    "PGRST300": _("The project's API is not set up to check keys. Its owner must act at Supabase."),
    "PGRST301": _WRONG_SUPABASE_KEY,
    "PGRST302": _WRONG_SUPABASE_KEY,
    "PGRST303": _("The key has expired, or is for another project. Copy it from Supabase's settings again."),
    "PGRSTX00": _PROJECT_DOWN,
    "http_401": _WRONG_SUPABASE_KEY,
    "http_404": _("There is no Supabase project at this address. Check it."),
    "http_520": _PROJECT_DOWN,
    "http_521": _PROJECT_DOWN,
    "http_522": _PROJECT_DOWN,
    "http_540": _("The project is paused. Start it again in Supabase's dashboard."),
    "http_544": _DATABASE_BUSY,
}

_MOVED = _("The repository was renamed or moved. Use its current name.")
_GITHUB: Table = {
    "bad_credentials": _("GitHub does not accept the permission any more. Sign in again."),
    "suspended": _("GitHub has suspended the app or the account. Ask GitHub."),
    "rate_limited": _("The account has used up its calls for this hour. Ponte goes on by itself."),
    "secondary_rate_limit": _("Too many calls at once. Ponte goes on by itself."),
    "sso_required": _("The organization wants its single sign-on. Sign in again, and authorize the app there."),
    "not_accessible": _("The app lacks a permission at GitHub. Sign in again, or ask the owner of the repository."),
    "app_restricted": _("An owner of the organization must approve the app at GitHub first."),
    "archived": _("The repository is archived: it can only be read."),
    "missing": _("The call names something that does not exist there."),
    "missing_field": _("A value is missing."),
    "invalid": _("GitHub does not accept a value."),
    "already_exists": _("It exists already."),
    "unprocessable": _("GitHub does not accept a value."),
    "custom": _("GitHub refuses these values."),
    "http_301": _MOVED,
    "http_302": _MOVED,
    "http_307": _MOVED,
    "http_404": _("It does not exist, or this account may not see it."),
    "http_410": _("The repository has this part switched off, or was deleted."),
    "http_422": _("GitHub does not accept a value, or too much was created in a short time."),
    "http_451": _("The repository is blocked for legal reasons."),
}

_ADDRESS_MOVED = _("The address sends elsewhere. Enter the new address, or allow redirects.")
_HTTP: Table = {
    "http_301": _ADDRESS_MOVED,
    "http_302": _ADDRESS_MOVED,
    "http_303": _ADDRESS_MOVED,
    "http_307": _ADDRESS_MOVED,
    "http_308": _ADDRESS_MOVED,
    "redirect": _ADDRESS_MOVED,
    "http_401": _("The receiver does not accept the signature or the headers. Enter the right ones."),
    "http_410": _("The receiver wants no more deliveries at this address."),
    "http_425": _("The receiver asks to try again. Ponte does so by itself."),
    "no_secret": _("There is no signing secret, so nothing can be delivered. Enter one."),
}

VENDORS: dict[str, Table] = {
    "whatsapp_uazapi": _WHATSAPP,
    "email_smtp": _SMTP,
    "email_sendgrid": _SENDGRID,
    "database_supabase": _SUPABASE,
    "database_postgres": _POSTGRES,
    "github": _GITHUB,
    "http": _HTTP,
}
