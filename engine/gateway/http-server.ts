import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

const HEADERS_MS_MAX = 5_000;
const REQUEST_MS_MAX = 10_000;
const KEEP_ALIVE_MS = 5_000;
const IDLE_MS_MAX = 30_000;
/** How often the two above are looked at. */
const CHECK_MS = 1_000;
const HEADER_BYTES_MAX = 8 * 1024;
const HEADERS_MAX = 64;

/** The HTTP side of the gateway's port, with bounds on everything that arrives before anybody said who they are. */
export function createGatewayServer(
  connectionsMax: number,
  pages: ((request: IncomingMessage, response: ServerResponse) => void) | undefined,
): Server {
  const server = createServer(
    {
      headersTimeout: HEADERS_MS_MAX,
      requestTimeout: REQUEST_MS_MAX,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: CHECK_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
    },
    (request, response) => {
      if (request.rawHeaders.length / 2 >= HEADERS_MAX) {
        response.writeHead(431, { Connection: 'close' }).end();
        return;
      }
      if (pages !== undefined) pages(request, response);
      else response.writeHead(404, { 'Content-Type': 'text/plain' }).end('There are no pages here.\n');
    },
  );
  // A response that nobody reads ends as well.
  server.timeout = IDLE_MS_MAX;
  server.maxHeadersCount = HEADERS_MAX;
  // Sockets of sessions count as well; a few more, so that those beyond the limit get an answer.
  server.maxConnections = connectionsMax + 256;
  return server;
}
