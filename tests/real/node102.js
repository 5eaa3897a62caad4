// node102.js - an origin of Node's own http server that says 102 Processing while it copies, by
// response.writeProcessing(). Serves a folder: COPY, MOVE, HEAD, GET, OPTIONS. For tests/real.
//
//     node node102.js DIR COUNT INTERVAL_MS
//
// listens on a free loopback port, prints it, and answers each COPY and MOVE with COUNT interims,
// INTERVAL_MS apart, the copy itself, and 201 or 204. Names that begin with "silent" get no interims,
// only the wait.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');

const root = path.resolve(process.argv[2]);
const count = Number(process.argv[3]);
const interval = Number(process.argv[4]);

function local(pathname) {
    const file = path.join(root, decodeURIComponent(pathname));
    return file === root || file.startsWith(root + path.sep) ? file.replace(/\/+$/, '') : null;
}

function copy(source, destination) {
    if (!fs.statSync(source).isDirectory()) {
        fs.copyFileSync(source, destination);
        return;
    }
    fs.mkdirSync(destination);
    for (const name of fs.readdirSync(source))
        copy(path.join(source, name), path.join(destination, name));
}

function finish(request, response, source, destination) {
    const existed = fs.existsSync(destination);
    if (existed && request.headers.overwrite === 'F') {
        response.writeHead(412).end();
        return;
    }
    fs.rmSync(destination, {recursive: true, force: true});
    if (request.method === 'MOVE')
        fs.renameSync(source, destination);
    else
        copy(source, destination);
    response.writeHead(existed ? 204 : 201).end();
}

function transfer(request, response, source) {
    const destination = local(new URL(request.headers.destination).pathname);
    const silent = path.basename(source).startsWith('silent');
    let left = count;
    const timer = setInterval(() => {
        if (left-- > 0) {
            if (!silent)
                response.writeProcessing();
            return;
        }
        clearInterval(timer);
        try {
            finish(request, response, source, destination);
        } catch (error) {
            response.writeHead(500, {'Content-Type': 'text/plain'}).end(error.message + '\n');
        }
    }, interval);
}

const server = http.createServer((request, response) => {
    const source = local(new URL(request.url, 'http://localhost').pathname);
    request.resume();
    if (request.method === 'OPTIONS')
        response.writeHead(200, {DAV: '1', Allow: 'OPTIONS, GET, HEAD, COPY, MOVE'}).end();
    else if (source === null || !fs.existsSync(source))
        response.writeHead(404).end();
    else if (request.method === 'COPY' || request.method === 'MOVE')
        transfer(request, response, source);
    else if (request.method === 'HEAD' || request.method === 'GET')
        response.writeHead(200).end(fs.statSync(source).isFile() ? fs.readFileSync(source) : '');
    else
        response.writeHead(405).end();
});
server.listen(0, '127.0.0.1', () => {
    process.stdout.write(server.address().port + '\n');
});
