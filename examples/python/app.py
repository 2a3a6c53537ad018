"""The Python half, with nothing but the standard library. Gunicorn or uvicorn work the same: they take the port as $PORT."""
import json
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'  # keeps connections of the edge open

    def do_GET(self):
        # Programs that are not Node learn of the client from these fields, which the edge writes: nobody can forge them.
        body = json.dumps({
            'pid': os.getpid(),
            'ip': self.headers['X-Forwarded-For'].split(',')[0],
            'protocol': self.headers['X-Forwarded-Proto'],
        }).encode()
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True  # idle connections do not hold up the end


server = Server(('127.0.0.1', int(os.environ['PORT'])), Handler)
# serve_forever() runs in the thread that gets the signal, so somebody else has to end it.
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print('Python listens')
server.serve_forever()
