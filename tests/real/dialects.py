# dialects.py - services that answer "later", each after the document that it names, for
# tests/real/dialects.sh. The first segment of a path names the service, the second is "ok" or "bad":
# how the job ends. A job is begun by a request to /SERVICE/ok and ends at the third poll.
#
#     python3 dialects.py LOG
#
# listens on two free loopback ports (two origins), prints them in one line, and logs each request:
# origin, method, path, and which of the caller's secrets it carried.
import http.server
import json
import sys
import threading

asked = {}
lock = threading.Lock()


def count(path):
    with lock:
        asked[path] = asked.get(path, 0) + 1
        return asked[path]


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    origin = ""
    timeout = 30

    def log_message(self, format, *args):
        pass

    def answer(self, status, fields=(), body=b"", kind=None):
        if not isinstance(body, bytes):
            body, kind = json.dumps(body).encode(), kind or "application/json"
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        if kind:
            self.send_header("Content-Type", kind)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def interim(self, *lines):
        self.wfile.write(("HTTP/1.1 102 Processing\r\n" + "".join(
            line + "\r\n" for line in lines) + "\r\n").encode())
        self.wfile.flush()

    def handle_any(self):
        length = int(self.headers.get("Content-Length", 0))
        self.rfile.read(length)
        secrets = [name for name in ("Authorization", "Cookie", "X-Own") if name in self.headers]
        with lock:
            log.write(f"{self.origin} {self.command} {self.path} {','.join(secrets) or '-'}\n")
            log.flush()
        parts = self.path.split("?")[0].strip("/").split("/")
        self.good = len(parts) < 2 or parts[1] != "bad"
        self.last = parts[-1]
        self.base = "/" + "/".join(parts[:2])
        self.times = count(self.command + self.path)
        self.over = self.times > 2
        service = services.get(parts[0])
        if service is None:
            self.answer(404)
        else:
            service(self)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_COPY = do_MOVE = handle_any


services = {}


def service(function):
    services[function.__name__.replace("_", "-")] = function
    return function


# microsoft/api-guidelines, azure/Guidelines.md, "Long-Running Operations & Jobs".
@service
def operation_location(h):
    if h.last == "result":
        h.answer(200, body=b"result")
    elif h.last != "operation":
        h.answer(202, [("Operation-Location", f"{h.base}/operation"), ("Retry-After", "0")],
                 {"id": "1", "status": "NotStarted"})
    elif not h.over:
        h.answer(200, [("Retry-After", "0")], {"id": "1", "status": "Validating"})
    elif h.good:
        h.answer(200, body={"id": "1", "status": "Succeeded",
                            "resourceLocation": f"{h.base}/result"})
    else:
        h.answer(200, body={"id": "1", "status": "Failed",
                            "error": {"code": "Small", "message": "The input is too small."}})


# learn.microsoft.com, azure-resource-manager/management/async-operations.
@service
def azure_asyncoperation(h):
    if h.command == "PUT":
        h.answer(201, [("Azure-AsyncOperation", f"{h.base}/operation?api-version=1")],
                 {"properties": {"provisioningState": "Creating"}})
    elif h.last != "operation":
        h.answer(200, body=b"the resource")
    elif not h.over:
        h.answer(200, body={"status": "InProgress"})
    else:
        h.answer(200, body={"status": "Succeeded" if h.good else "Canceled"})


# The same document: 202 and Location; the monitor moves with each answer.
@service
def location(h):
    if not h.last.startswith("monitor"):
        h.answer(202, [("Location", f"{h.base}/monitor1"), ("Retry-After", "0")])
    elif h.last != "monitor3":
        h.answer(202, [("Location", f"{h.base}/monitor{int(h.last[-1]) + 1}")])
    elif h.good:
        h.answer(200, body=b"done")
    else:
        h.answer(409, body={"type": "https://dav.example/exists", "title": "Exists",
                            "detail": "it is there already", "status": 409},
                 kind="application/problem+json")


# learn.microsoft.com, fabric/articles/long-running-operation: Location is the state, then the result.
@service
def fabric(h):
    fields = [("x-ms-operation-id", "1"), ("Retry-After", "0")]
    if h.last == "result":
        h.answer(200, body=b"result")
    elif h.last != "operation":
        h.answer(202, fields + [("Location", f"{h.base}/operation")])
    elif not h.over:
        h.answer(200, fields + [("Location", f"{h.base}/operation")],
                 {"status": "Running", "percentComplete": 25})
    elif h.good:
        h.answer(200, fields + [("Location", f"{h.base}/operation/result")],
                 {"status": "Succeeded", "percentComplete": 100})
    else:
        h.answer(200, fields, {"status": "Failed", "percentComplete": 25,
                               "error": {"errorCode": "Small", "message": "It is too small."}})


# microsoftgraph/microsoft-graph-docs-contrib, concepts/long-running-actions-overview.md: the monitor
# is on another origin and refuses whoever sends credentials.
@service
def onedrive(h):
    if h.last != "monitor":
        h.answer(202, [("Location", f"http://{other}{h.base}/monitor?tempauth=s")])
    elif "Authorization" in h.headers:
        h.answer(401)
    elif not h.over:
        h.answer(202, body={"operation": "ItemCopy", "percentageComplete": 30 * h.times,
                            "status": "inProgress"})
    elif h.good:
        h.answer(202, body={"percentageComplete": 100, "resourceId": "1", "status": "completed"})
    else:
        h.answer(200, body={"operation": "ItemCopy", "errorCode": "nameAlreadyExists",
                            "status": "failed"})


# microsoft/api-guidelines, graph/patterns/long-running-operations.md, "stepwise".
@service
def graph(h):
    if h.last == "result":
        h.answer(200, body=b"result")
    elif h.last != "operation":
        h.answer(202, [("Location", f"{h.base}/operation")])
    elif not h.over:
        h.answer(200, [("Retry-After", "0")], {"status": "running"})
    elif h.good:
        h.answer(200, body={"status": "succeeded", "resourceLocation": f"{h.base}/result"})
    else:
        h.answer(200, body={"status": "failed", "error": {"code": "quota", "message": "full"}})


def task(h, state):
    return {"@odata.type": "#Task.v1_4_3.Task", "@odata.id": f"{h.base}/task", "TaskState": state,
            "TaskStatus": "OK", "PercentComplete": 50,
            "Messages": [{"Message": "The image is not signed."}]}


# DMTF DSP0266 section 12.2, as OpenBMC does it (bmcweb, redfish-core/lib/task.hpp): 204 once,
# whatever happened, then 404.
@service
def redfish(h):
    if h.last == "task":
        h.answer(200, body=task(h, "Completed" if h.good else "Exception"))
    elif h.last != "monitor":
        h.answer(202, [("Location", f"{h.base}/monitor"), ("Retry-After", "0")],
                 task(h, "Running"))
    elif not h.over:
        h.answer(202, [("Location", f"{h.base}/monitor")], task(h, "Running"))
    else:
        h.answer(204 if h.times == 3 else 404)


# OData 4.01 part 1, section 11.6: AsyncResult, or the response as application/http.
@service
def odata(h):
    if h.last != "monitor":
        asked_for = "respond-async" in h.headers.get("Prefer", "")
        h.answer(202 if asked_for else 500, [("Location", f"{h.base}/monitor")])
    elif not h.over:
        h.answer(202, [("Location", f"{h.base}/monitor")])
    elif h.good:
        h.answer(200, body=b'HTTP/1.1 201 Created\r\nOData-EntityId: 7\r\n\r\n{"id":7}',
                 kind="application/http")
    else:
        h.answer(200, [("AsyncResult", "412")], {"error": {"message": "it has changed"}})


# HL7/bulk-data, input/pagecontent/async-status-polling-request.md.
@service
def fhir(h):
    outcome = {"resourceType": "OperationOutcome", "issue": [
        {"severity": "error", "code": "transient" if not h.over else "processing",
         "diagnostics": "no such group"}]}
    if h.last != "status":
        h.answer(202, [("Content-Location", f"{h.base}/status")])
    elif h.times == 1:
        h.answer(500, body=outcome)
    elif not h.over:
        h.answer(202, [("X-Progress", "60.00% Done"), ("Retry-After", "0")])
    elif h.good:
        h.answer(200, body={"output": [], "error": []})
    else:
        h.answer(422, body=outcome)


# OGC 18-062r2 (OGC API - Processes - Part 1: Core), sections 7.11 to 7.13.
@service
def ogc(h):
    if h.last == "results":
        h.answer(200, body=b"results")
    elif h.last != "job":
        h.answer(201, [("Location", f"{h.base}/job")], {"jobID": "1", "status": "accepted"})
    elif not h.over:
        h.answer(200, body={"jobID": "1", "status": "running", "progress": 40 * h.times})
    elif h.good:
        h.answer(200, body={"jobID": "1", "status": "successful", "links": [
            {"rel": "http://www.opengis.net/def/rel/ogc/1.0/results",
             "href": f"{h.base}/job/results"}]})
    else:
        h.answer(200, body={"jobID": "1", "status": "failed", "message": "no such band"})


# owncloud/core, apps/dav/lib/DAV/LazyOpsPlugin.php and JobStatus.
@service
def lazyops(h):
    if h.command == "MOVE":
        h.answer(202, [("OC-JobStatus-Location", f"{h.base}/job-status"),
                       ("Connection", "close")])
    elif not h.over:
        h.answer(200, body={"status": "init" if h.times == 1 else "started"})
    elif h.good:
        h.answer(200, body={"status": "finished", "fileId": None, "ETag": None})
    else:
        h.answer(200, body={"status": "error", "errorCode": 423, "errorMessage": "it is locked"})


# canonical/lxd, doc/rest-api.md, "Background operation".
@service
def lxd(h):
    state = (103, "Running") if not h.over else (200, "Success") if h.good else (400, "Failure")
    operation = {"id": "1", "status": state[1], "status_code": state[0],
                 "err": "" if h.good else "no such image"}
    if h.last != "operation":
        h.answer(202, [("Location", f"{h.base}/operation")],
                 {"type": "async", "status_code": 100, "operation": f"{h.base}/operation",
                  "metadata": operation})
    else:
        h.answer(200, body={"type": "sync", "status": "Success", "status_code": 200,
                            "metadata": operation})


# draft-wright-http-progress-02: a 102 names the status document; then the connection is lost.
@service
def progress(h):
    if h.last != "status":
        h.interim(f"Location: {h.base}/status", 'Progress: 1/3 "copying"')
        h.close_connection = True
    else:
        h.interim("Progress: 2/3")
        status = "202" if not h.over else "201" if h.good else "507"
        h.answer(200, [("Status-URI", f"{status} <{h.base}>")])


# docs.github.com, REST API, "Repository statistics": 202 while it is computed.
@service
def same_url(h):
    if not h.over:
        h.answer(202, body={})
    else:
        h.answer(200 if h.good else 403, body=[])


# learn.microsoft.com, Azure Storage, "Copy Blob" and "Get Blob Properties".
@service
def target(h):
    if h.command == "PUT":
        h.answer(202, [("x-ms-copy-id", "1"), ("x-ms-copy-status", "pending")])
    else:
        state = "pending" if not h.over else "success" if h.good else "failed"
        h.answer(200, [("x-ms-copy-status", state), ("x-ms-copy-progress", f"{h.times}/3")])


# yandex.com, Disk REST API, "Operation status".
@service
def link(h):
    if h.last != "operation":
        h.answer(202, body={"href": f"{h.base}/operation", "method": "GET", "templated": False})
    else:
        h.answer(200, body={"status": "in-progress" if not h.over else
                            "success" if h.good else "failed"})


# google.aip.dev/151, behind a callback of the caller.
@service
def aip(h):
    if h.last != "operation":
        h.answer(202, body={"name": f"{h.base}/operation", "done": False})
    elif not h.over:
        h.answer(200, body={"name": "operation", "done": False})
    else:
        h.answer(200, body={"done": True, "response" if h.good else "error": {"message": "m"}})


# owncloud/ocis, post-processing: 425 until the file was scanned.
@service
def too_early(h):
    if h.last != "monitor":
        h.answer(202, [("Location", f"{h.base}/monitor")])
    else:
        h.answer(425 if not h.over else 200 if h.good else 410)


# distribution/distribution, docs/content/spec/api.md: an upload, and no monitor.
@service
def registry(h):
    h.answer(202, [("Location", f"{h.base}/uploads/1"), ("Range", "0-0"),
                   ("Docker-Upload-UUID", "1")])


# apache/couchdb, src/docs/src/api/document/common.rst: a document, and no monitor.
@service
def couchdb(h):
    h.answer(202, [("Location", f"{h.base}/copy"), ("ETag", '"1"')],
             {"ok": True, "id": "copy", "rev": "1-9"})


def listen(name):
    handler = type("Service" + name, (Service,), {"origin": name})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"127.0.0.1:{server.server_address[1]}"


log = open(sys.argv[1], "w", encoding="utf-8")
here, other = listen("here"), listen("other")
print(here, other, flush=True)
threading.Event().wait()
