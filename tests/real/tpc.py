#!/usr/bin/env python3
"""tpc.py - a small storage that makes third-party copies, for tests/real/tpc.sh.

    tpc.py ROOT TOKEN [--pace MS] [--period MS] [--cut BYTES] [--disk URL] [--old]

Written after the document of the WLCG working group on third-party copy ("HTTP-TPC": COPY with Source
or Destination, TransferHeader*, Credential, performance markers, a last line with the outcome) and RFC
9530 (Want-Repr-Digest, Repr-Digest in the trailers). A real one: it fetches from, and sends to, another
server. Listens on a free port of 127.0.0.1 and prints `tpc: listening on http://127.0.0.1:PORT/`; serves
the files of ROOT to those who send `Authorization: Bearer TOKEN`, and writes a line for each request on
standard error.

    --pace MS     wait so long after each 64 KiB of a GET
    --period MS   of the markers (default 100)
    --cut BYTES   end the connection after so much of a GET
    --disk URL    be a head node: send every COPY on to that server by 307
    --old         answer 201, text/plain, without a line end at the end (XRootD before October 2025)
"""
import argparse
import base64
import http.client
import http.server
import os
import socket
import sys
import threading
import time
import urllib.parse
import zlib

BLOCK = 65536


class Transfer(threading.Thread):
    """Copies from or to another server; done and outcome tell how far it is."""

    def __init__(self, path, url, headers, push):
        super().__init__(daemon=True)
        self.path, self.url, self.headers, self.push = path, urllib.parse.urlsplit(url), headers, push
        self.done, self.outcome, self.adler, self.cancelled = 0, None, 1, False

    def blocks(self, read):
        while not self.cancelled:
            block = read(BLOCK)
            if not block:
                return
            self.done += len(block)
            self.adler = zlib.adler32(block, self.adler)
            yield block

    def pull(self, other, target):
        other.request("GET", target, headers=self.headers)
        answer = other.getresponse()
        if answer.status != 200:
            return "failure: the source answered %d" % answer.status
        with open(self.path + ".part", "wb") as out:
            for block in self.blocks(answer.read):
                out.write(block)
        if answer.length:
            return "failure: the source ended after %d bytes" % self.done
        os.replace(self.path + ".part", self.path)
        return "success: Created"

    def send(self, other, target):
        size = os.path.getsize(self.path)
        with open(self.path, "rb") as file:
            other.request("PUT", target, body=self.blocks(file.read),
                          headers={**self.headers, "Content-Length": str(size)})
            status = other.getresponse().status
        return "success: Created" if status in (200, 201, 204) else "failure: the destination answered %d" % status

    def run(self):
        other = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=20)
        try:
            outcome = (self.send if self.push else self.pull)(other, self.url.path)
        except (OSError, http.client.HTTPException) as problem:
            outcome = "failure: %s" % type(problem).__name__
        other.close()
        if self.cancelled and os.path.exists(self.path + ".part"):
            os.remove(self.path + ".part")
        self.outcome = "aborted: the client went away" if self.cancelled else outcome


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    options = None

    def refuse(self, status, why):
        body = (why + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def file(self):
        """The file that is asked for; None, and the request was refused."""
        if self.headers["Authorization"] != "Bearer " + self.options.token:
            return self.refuse(403, "who are you?")
        name = os.path.basename(urllib.parse.urlsplit(self.path).path)
        return os.path.join(self.options.root, name)

    def do_GET(self):
        path = self.file()
        if path is None:
            return
        if not os.path.isfile(path):
            self.refuse(404, "no such file")
            return
        self.send_response(200)
        self.send_header("Content-Length", str(os.path.getsize(path)))
        self.end_headers()
        if self.command == "HEAD":
            return
        sent = 0
        with open(path, "rb") as file:
            while block := file.read(BLOCK):
                if self.options.cut and sent >= self.options.cut:
                    self.close_connection = True
                    return
                self.wfile.write(block)
                sent += len(block)
                time.sleep(self.options.pace / 1000)

    do_HEAD = do_GET

    def do_PUT(self):
        path = self.file()
        if path is None:
            self.close_connection = True
            return
        left = int(self.headers["Content-Length"])
        with open(path, "wb") as out:
            while left > 0:
                block = self.rfile.read(min(BLOCK, left))
                if not block:
                    return
                out.write(block)
                left -= len(block)
                time.sleep(self.options.pace / 1000)
        self.refuse(201, "created")

    def do_PROPFIND(self):
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.refuse(405, "this is a storage")

    def transfer(self, path):
        """What the COPY asks for; None, and it was refused."""
        source, destination = self.headers["Source"], self.headers["Destination"]
        if (source is None) == (destination is None):
            return self.refuse(400, "one of Source and Destination")
        if self.headers.get("Credential", "none") != "none":
            return self.refuse(400, "nothing can be delegated")
        if source is None and not os.path.isfile(path):
            return self.refuse(404, "no such file")
        if source and os.path.exists(path) and self.headers["Overwrite"] == "F":
            return self.refuse(412, "it exists")
        prefix = "transferheader"
        headers = {name[len(prefix):]: value for name, value in self.headers.items()
                   if name.lower().startswith(prefix)}
        return Transfer(path, source or destination, headers, source is None)

    def chunk(self, text):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(text), text.encode()))

    def is_client_there(self):
        self.connection.setblocking(False)
        try:
            return self.connection.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            self.connection.setblocking(True)

    def report(self, transfer):
        while transfer.outcome is None:
            transfer.join(self.options.period / 1000)
            if not self.is_client_there():
                transfer.cancelled = True
                transfer.join()
                self.close_connection = True
                return
            self.chunk("Perf Marker\n    Timestamp: %d\n    Stripe Index: 0\n"
                       "    Stripe Bytes Transferred: %d\n    Total Stripe Count: 1\nEnd\n"
                       % (time.time(), transfer.done))
        self.chunk(transfer.outcome + ("" if self.options.old else "\n"))
        trailers = ""
        if self.headers["TE"] == "trailers" and "adler" in self.headers.get("Want-Repr-Digest", ""):
            digest = base64.b64encode(transfer.adler.to_bytes(4, "big")).decode()
            trailers = "Repr-Digest: adler=:%s:\r\n" % digest
        self.wfile.write(("0\r\n%s\r\n" % trailers).encode())

    def do_COPY(self):
        if self.options.disk:
            self.send_response(307)
            self.send_header("Location", self.options.disk + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path = self.file()
        transfer = path and self.transfer(path)
        if not transfer:
            return
        self.send_response(201 if self.options.old else 202)
        self.send_header("Content-Type", "text/plain" if self.options.old else "text/perf-marker-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        transfer.start()
        self.report(transfer)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root")
    parser.add_argument("token")
    for name in ("--pace", "--period", "--cut"):
        parser.add_argument(name, type=int, default=100 if name == "--period" else 0)
    parser.add_argument("--disk")
    parser.add_argument("--old", action="store_true")
    Handler.options = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print("tpc: listening on http://127.0.0.1:%d/" % server.server_address[1], flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


main()
