"""A receiver of outgoing webhooks: proves Standard Webhooks signatures, and misbehaves when it is asked to by the URL.

POST /hooks                     204 for a delivery that is signed with the secret, 401 otherwise
ANY  /status/{code}             answers with that status; `?retry_after=` adds the header
ANY  /redirect/{code}?to=…      answers with that status and the location
ANY  /slow?seconds=…            accepts after a while
ANY  /close                     closes the connection without an answer
GET  /echo                      what was sent, as JSON: query and headers
GET  /big?bytes=…               that many letters; GET /text: a text
GET  /_sandbox/deliveries       proved deliveries: id, timestamp, body, how often each id came
PUT  /_sandbox/secret           {"secret": "whsec_…"} to prove with from now on
"""
