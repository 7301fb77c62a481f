# proto/http
