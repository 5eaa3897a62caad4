"""A server of resumable uploads, written from draft-ietf-httpbis-resumable-upload-12 (interop version
9), that cuts connections after a random number of bytes. Usage: upload.py FILE SEED CUTS

It serves one upload: PUT /file creates it, /uploads/1 is its upload resource. What it takes goes to
FILE; CUTS connections are cut while a body comes. Prints its port, and at the end "creations N, cuts N,
bytes N": the bytes are those that were appended, each once because only the current offset is taken."""

import random
import socket
import sys

VERSION = "9"
target, seed, cuts = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
randomly = random.Random(seed)
stored = open(target, "wb")
offset = length = creations = cut = 0
done = False


def answer(connection, status, *fields):
    lines = ["HTTP/1.1 " + status, *fields, "", ""]
    connection.sendall("\r\n".join(lines).encode())


def note(connection, *fields):
    answer(connection, "104 Upload Resumption Supported",
           "Upload-Draft-Interop-Version: " + VERSION, *fields)


def read_head(reader):
    line = reader.readline().decode()
    if not line:
        return None, {}
    fields = {}
    while (field := reader.readline().decode().strip()):
        name, _, value = field.partition(":")
        fields[name.lower()] = value.strip()
    return line.split()[:2], fields


def take(connection, reader, size):
    """Appends what comes; False when the connection is cut."""
    global offset, cut
    limit = randomly.randrange(1, size) if cut < cuts and size > 1 else size
    step = 0
    while size > 0 and limit > 0:
        piece = reader.read(min(65536, size, limit))
        if not piece:
            return False
        stored.write(piece)
        offset += len(piece)
        size -= len(piece)
        limit -= len(piece)
        step += 1
        if step % 64 == 0:
            note(connection, "Upload-Offset: %d" % offset)
    cut += size > 0
    return size == 0


def serve(connection, reader):
    """One request; False when the connection is not to be used again."""
    global length, creations, done
    asked, fields = read_head(reader)
    if asked is None:
        return False
    if fields.get("upload-draft-interop-version") != VERSION:
        answer(connection, "400 Bad Request", "Content-Length: 0")
        return True
    if asked == ["PUT", "/file"] and creations == 0 and fields["upload-complete"] == "?1":
        creations += 1
        length = int(fields["upload-length"])
        note(connection, "Location: /uploads/1", "Upload-Limit: max-size=1000000000")
        if "expect" in fields:
            answer(connection, "100 Continue")
    elif asked == ["HEAD", "/uploads/1"]:
        answer(connection, "204 No Content", "Upload-Offset: %d" % offset, "Upload-Complete: ?0",
               "Upload-Length: %d" % length, "Upload-Limit: max-size=1000000000",
               "Cache-Control: no-store")
        return True
    elif asked == ["PATCH", "/uploads/1"] and fields["upload-complete"] == "?1" and \
            fields["content-type"] == "application/partial-upload":
        if int(fields["upload-offset"]) != offset:
            answer(connection, "409 Conflict", "Upload-Offset: %d" % offset, "Upload-Complete: ?0",
                   "Content-Length: 0")
            return False
        if "expect" in fields:
            answer(connection, "100 Continue")
    else:
        answer(connection, "400 Bad Request", "Content-Length: 0")
        return False
    if not take(connection, reader, int(fields["content-length"])):
        return False
    done = offset == length
    answer(connection, "201 Created", "Upload-Complete: ?1", "Content-Length: 0")
    return False


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while not done:
    connection, _ = listener.accept()
    reader = connection.makefile("rb")
    try:
        while serve(connection, reader):
            pass
    except OSError:
        pass
    finally:
        reader.close()
        connection.close()
stored.close()
print("creations %d, cuts %d, bytes %d" % (creations, cut, offset), flush=True)
