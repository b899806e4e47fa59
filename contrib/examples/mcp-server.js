// A small MCP server by streamable HTTP: JSON-RPC by POST, sessions in memory, a stream of events by GET.
"use strict";
const http = require("http");
const { randomUUID } = require("crypto");
const sessions = new Map();

http.createServer((request, response) => {
    const session = sessions.get(request.headers["mcp-session-id"]);
    if (request.method === "GET") {                     // the stream stays open
        response.writeHead(session ? 200 : 404, { "Content-Type": "text/event-stream" });
        if (!session) return response.end();
        response.write(": open\n\n");
        session.stream = response;
        return;
    }
    let body = "";
    request.on("data", (part) => { body += part; }).on("end", () => {
        const { id, method } = JSON.parse(body);
        const answer = (result) => response.end(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\n");
        if (method === "initialize") {
            const name = randomUUID();
            sessions.set(name, { calls: 0 });
            response.setHeader("Mcp-Session-Id", name);
            return answer({ protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "counter" } });
        }
        if (!session) return response.writeHead(404).end();
        session.calls += 1;
        session.stream.write(`data: {"method":"notifications/message","params":{"data":"call ${session.calls}"}}\n\n`);
        answer({ content: [{ type: "text", text: `call ${session.calls}` }] });
    });
}).listen(3001, "127.0.0.1");
