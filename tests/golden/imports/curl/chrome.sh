curl 'http://127.0.0.1:8700/orders?draft=false' \
  -H 'accept: application/json, text/plain, */*' \
  -H 'accept-language: en-GB,en;q=0.9' \
  -H 'authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln' \
  -H 'content-type: application/json' \
  -b 'session=8f14e45f; theme=dark' \
  -H 'origin: http://127.0.0.1:8700' \
  -H 'user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36' \
  --data-raw $'{"item":7,"note":"it\'s \u00fcrgent\\nplease","tags":[],"price":1.5}' \
  --insecure
