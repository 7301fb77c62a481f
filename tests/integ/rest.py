"""rest.py - a client of REST for the tests of this folder, which holds every answer against the OpenAPI document that the
cloud itself serves: status, headers and body. Requests are signed by botocore."""
import http.client
import json
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import jsonschema

SERVICE = "tercet"


def escaped(path):
    """The query as a signature has it: every byte that is not unreserved is escaped."""
    path, mark, query = path.partition("?")
    pairs = (pair.partition("=") for pair in query.split("&")) if mark else ()
    return path + mark + "&".join(urllib.parse.quote(name, safe="") + "=" + urllib.parse.quote(value, safe="") for name, _, value in pairs)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.json = json.loads(body) if body else None

    @property
    def code(self):
        return self.json.get("code") if self.json else None


class Document:
    """What the cloud says of itself."""

    def __init__(self, text):
        self.whole = json.loads(text)
        self.resolver = jsonschema.RefResolver.from_schema(self.whole)
        for name, schema in self.whole["components"]["schemas"].items():
            jsonschema.Draft202012Validator.check_schema(schema)
        self.operations = {operation["operationId"]: (method.upper(), path, operation)
                           for path, item in self.whole["paths"].items() for method, operation in item.items()}

    def find(self, method, path):
        """The operation of a path, with literal segments before {id}; None when there is none."""
        words = path.split("?")[0].split("/")
        for literal in (True, False):
            for name, (verb, template, _) in self.operations.items():
                parts = template.split("/")
                same = len(parts) == len(words) and all(p == w or (p == "{id}" and w) for p, w in zip(parts, words))
                if verb == method and same and (not literal or "{id}" not in parts):
                    return name
        return None

    def resolve(self, schema):
        return self.resolver.resolve(schema["$ref"])[1] if "$ref" in schema else schema

    def body_of(self, name):
        """The schema of the body of a request; None without one."""
        body = self.operations[name][2].get("requestBody")
        return self.resolve(body["content"]["application/json"]["schema"]) if body else None

    def faults(self, schema, value):
        checker = jsonschema.Draft202012Validator(schema, resolver=self.resolver)
        return [f"{list(e.absolute_path)}: {e.message[:200]}" for e in checker.iter_errors(value)]

    def judge(self, name, answer):
        """What is wrong with the answer; an unknown path may only be answered by a problem."""
        responses = self.operations[name][2]["responses"] if name else {}
        found = responses.get(str(answer.status), responses.get("default") if answer.status >= 400 else None)
        if name is None and answer.status in (404, 405):
            found = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
        if found is None:
            return [f"status {answer.status} is not in the document"]
        faults = [f"no header {header}" for header, what in found.get("headers", {}).items()
                  if what.get("required") and header not in answer.headers]
        if "content" not in found:
            return faults + (["there is a body"] if answer.body else [])
        kind, media = next(iter(found["content"].items()))
        if answer.headers.get("Content-Type") != kind:
            faults.append(f"content type {answer.headers.get('Content-Type')}")
        return faults + self.faults(media["schema"], answer.json)


class Stream:
    """Server-sent events as they come: (number, name, data)."""

    def __init__(self, rest, connection, response):
        self.rest, self.connection, self.response, self.last, self.beats = rest, connection, response, None, 0

    def next(self):
        """The next event; None when the stream has ended. Lines of nothing are counted and passed over."""
        fields = {}
        for line in iter(self.response.readline, b""):
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == ":":
                self.beats += 1
            elif name:
                fields[name] = value
            elif "data" in fields:
                self.last = fields["id"]
                return self.judged(fields["event"], json.loads(fields["data"]))
        return None

    def judged(self, name, data):
        schema = self.rest.document.operations["watch_events"][2]["responses"]["200"]["content"]["text/event-stream"]["schema"]
        if name == "change":
            self.rest.faults += [f"an event: {fault}" for fault in self.rest.document.faults(schema, data)]
        return int(self.last), name, data

    def until(self, id, state, most=100):
        """All data up to the one that tells that state of that object."""
        heard = []
        while len(heard) < most and (event := self.next()) is not None:
            heard.append(event[2])
            if event[2].get("id") == id and event[2].get("state") == state:
                break
        return heard

    def close(self):
        self.connection.close()


class Rest:
    """One account's view."""

    def __init__(self, url, region, key_id, secret, document=None):
        self.url, self.region = urllib.parse.urlsplit(url), region
        self.credentials = botocore.credentials.Credentials(key_id, secret)
        self.faults, self.asked, self.done = [], 0, set()
        self.document = document or Document(self.send("GET", "/v1/openapi.json", signed=False).body)

    def sign(self, method, path, body, headers, service):
        request = botocore.awsrequest.AWSRequest(method, f"http://{self.url.netloc}{path}", headers, body)
        botocore.auth.SigV4Auth(self.credentials, service, self.region).add_auth(request)
        return dict(request.headers.items())

    def head(self, method, path, body=b"", signed=True, service=SERVICE, headers=None):
        """An open connection whose answer has begun, and that answer; for streams."""
        headers, path = dict(headers or {}, Host=self.url.netloc), escaped(path)
        if signed:
            headers = self.sign(method, path, body, headers, service)
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=60)
        connection.request(method, path, body or None, headers)
        return connection, connection.getresponse()

    def watch(self, path="/v1/events", **more):
        """A stream of events, judged as far as it has begun."""
        connection, response = self.head("GET", path, **more)
        self.done.add("watch_events")
        if (response.status, response.headers["Content-Type"]) != (200, "text/event-stream"):
            self.faults.append(f"GET {path}: {response.status} {response.headers['Content-Type']}")
        return Stream(self, connection, response)

    def send(self, method, path, body=b"", **more):
        connection, response = self.head(method, path, body, **more)
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        return answer

    def ask(self, method, path, body=None, **more):
        """A request whose answer is judged; `body` is a value, or bytes as they are."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        answer = self.send(method, path, raw, **more)
        name = self.document.find(method, path)
        self.asked += 1
        if answer.status < 300:
            self.done.add(name)
        self.faults += [f"{method} {path}: {answer.status}: {fault}" for fault in self.document.judge(name, answer)]
        return answer

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.ask("POST", path, {} if body is None else body, **more)
