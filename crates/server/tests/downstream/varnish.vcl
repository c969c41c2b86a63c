vcl 4.1;

backend blobcast {
  .host = "127.0.0.1";
  .port = "ORIGIN";
}

sub vcl_backend_response {
  # As long as `stale-if-error` allows: what is stale is served while Blobcast is asked again, or is away.
  set beresp.grace = 24h;
}
