curl ^"http://127.0.0.1:8700/orders?a=1^&b=2^" ^
  -H ^"accept: */*^" ^
  -H ^"cookie: session=8f14e45f^" ^
  -H ^"content-type: application/json^" ^
  --data-raw ^"^{^\^"item^\^":7,^\^"note^\^":^\^"10^% off^\^"^}^" &
curl ^"http://127.0.0.1:8700/items^"
