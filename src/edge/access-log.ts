/** What the access log says about a request. */
export interface AccessEntry {
  readonly ip: string;
  readonly host: string;
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly bytes: number;
  readonly ms: number;
  /** The target that answered, or why none did. */
  readonly by: string;
  /** Of X-Request-Id; empty without. */
  readonly requestId?: string;
}

/** `127.0.0.1 example.com GET /a 200 512 3.1ms web.0#3`, and the number of the request if it has one; what the client wrote is checked ASCII without blanks. */
export function accessLine(entry: AccessEntry): string {
  const { ip, host, method, target, status, bytes, ms, by, requestId } = entry;
  return `${ip} ${host || '-'} ${method || '-'} ${target || '-'} ${status} ${bytes} ${ms.toFixed(1)}ms ${by}${requestId ? ` ${requestId}` : ''}\n`;
}
