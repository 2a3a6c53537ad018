/** Next knows its clients by these fields only. The edge writes them; what a client sends under their names is thrown away. */
export async function GET({ headers }) {
  const [ip] = (headers.get('x-forwarded-for') ?? '').split(',');
  return Response.json({ pid: process.pid, ip, protocol: headers.get('x-forwarded-proto') });
}
