"""SendGrid's mail API and event webhook (v3), as its OpenAPI document describes them.

POST /v3/mail/send           202 and X-Message-Id (200 in sandbox mode); 400 with the fields that are wrong
GET  /v3/scopes              what the API key may do
GET  /_sandbox/sendgrid      {api_key, limited_key (may not send), public_key (of the event webhook)}
GET  /_sandbox/mails         accepted requests, oldest first: {at, message_id, body}
POST /_sandbox/events        {url, events: [{event, message_id, …}]}: posts them, signed; answers {status, body}
POST /_sandbox/events_url    {url}: the event webhook; processed and delivered go to it after each mail; "": none
POST /_sandbox/sign          {body, timestamp}: the headers of a delivery of that body
"""
