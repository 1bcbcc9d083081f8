#!/bin/sh
# login
TOKEN=abcdef
curl -sS -X POST 'https://api.example.com/login?api_key=12345' \
  -H 'Content-Type: application/json' \
  -H "Authorization: Bearer $TOKEN" \
  --data-raw $'{"user":"a\'b","password":"p\u00e9w","n":[1,2.5]}' --compressed -k -L
curl https://api.example.com/items -G -d q=red -d 'page=1' --data-urlencode "name=a b&c" -u ann:secret | jq .
curl -F 'file=@x.csv;type=text/csv' -F name=ann https://other.example.com/upload -m 5 --http2 --foo
curl -I api.example.com/head -b 'sid=1; theme=dark' ; curl -T up.bin https://api.example.com/put
curl 'https://user:pw@api.example.com/basic' --next -d a=1 https://api.example.com/next1 https://api.example.com/next2
