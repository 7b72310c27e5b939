#!/usr/bin/env python3
"""Receives state changes of healthcheck-server by webhook, and verifies their signature.

In the configuration file:
  events:
    webhook: { url: "http://127.0.0.1:8181/", secret_file: /etc/seesaw/webhook-secret }
Usage: verify-signature.py SECRET_FILE [PORT]
"""
import hashlib
import hmac
import http.server
import json
import sys
import time

SECRET = open(sys.argv[1], "rb").read().rstrip(b"\r\n")
PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 8181
MAX_AGE_S = 300
MAX_BYTES = 1 << 20


def is_genuine(header, body):
    """The header is t=SECONDS,v1=HEX; the signature is over SECONDS.BODY."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    seconds, given = parts.get("t", ""), parts.get("v1", "")
    if not seconds.isdigit() or abs(time.time() - int(seconds)) > MAX_AGE_S:
        return False
    expected = hmac.new(SECRET, seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(given, expected)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(min(length, MAX_BYTES))
        if not is_genuine(self.headers.get("X-Healthcheck-Signature", ""), body):
            self.send_error(403)
            return
        for event in json.loads(body)["events"]:
            print(event["time"], event["id"], event["from"], "->", event["to"], event["message"], flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.HTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
