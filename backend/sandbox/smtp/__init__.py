"""An SMTP server that misbehaves on request, on aiosmtpd: plain, with STARTTLS, and with TLS from the first byte.

The line it prints names its control URL:

GET  /_sandbox/smtp         {host, plain, starttls, tls: ports; username, password; ca_pem: the certificate's authority}
GET  /_sandbox/mails        what was accepted, oldest first: {from, to, data, tls, user, utf8}
GET  /_sandbox/commands     what clients did, oldest first: the names of stages
POST /_sandbox/smtp/faults  {stage, kind: answer | drop | hang, code, text, count, address (of rcpt)}
POST /_sandbox/smtp/extensions {keyword: what EHLO says instead, or null}: {"SIZE": "SIZE 100", "SMTPUTF8": null}
POST /_sandbox/reset        forget all that
"""
