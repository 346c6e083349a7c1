"""A receiver of outgoing webhooks. It verifies Standard Webhooks signatures, and misbehaves as the URL asks.

POST /hooks                     204 for a delivery signed with the secret, else 401
ANY  /status/{code}             answers with that status; `?retry_after=` adds the header
ANY  /redirect/{code}?to=…      answers with that status and the location
ANY  /slow?seconds=…            accepts after a while
ANY  /close                     closes the connection without an answer
GET  /echo                      query and headers of the request, as JSON
GET  /big?bytes=…               that many letters; GET /text: a text that is not JSON
GET  /_sandbox/deliveries       verified deliveries: id, timestamp, body, how often each id came
PUT  /_sandbox/secret           {"secret": "whsec_…"} to verify with from now on
"""
