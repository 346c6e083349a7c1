"""An SMTP server on aiosmtpd that misbehaves on request: plain, with STARTTLS, and with TLS from the first byte.

The line it prints names its control URL, whose / is a page with the accepted mails:

GET  /_sandbox/smtp         {host, plain, starttls, tls: ports; username, password; ca_pem: the certificate's authority}
GET  /_sandbox/mails        accepted mails, oldest first: {at, from, to, data, tls, user, utf8}
GET  /_sandbox/commands     the clients' commands, oldest first: the names of stages
POST /_sandbox/smtp/faults  {stage, kind: answer | drop | hang, code, text, count, address (of rcpt)}
POST /_sandbox/smtp/extensions {keyword: EHLO's line, or null: none}: {"SIZE": "SIZE 100", "SMTPUTF8": null}
POST /_sandbox/reset        forget all of these
"""
