import { connection } from 'next/server';

export default async function Page() {
  await connection(); // made for each request, not when it is built
  return <h1>Made by process {process.pid}</h1>;
}
