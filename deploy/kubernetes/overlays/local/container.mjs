// Makes the container `content` in Azurite once it answers. A real account has its container from deploy/azure.
import { createHmac } from "node:crypto";

const account = "devstoreaccount1";
// Public: every emulator has it.
const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

async function create() {
  const date = new Date().toUTCString();
  const text = `PUT${"\n".repeat(12)}x-ms-date:${date}\nx-ms-version:2021-08-06\n/${account}/${account}/content\nrestype:container`;
  const signature = createHmac("sha256", Buffer.from(key, "base64")).update(text).digest("base64");
  const headers = { "x-ms-date": date, "x-ms-version": "2021-08-06", Authorization: `SharedKey ${account}:${signature}` };
  return fetch(`http://azurite:10000/${account}/content?restype=container`, { method: "PUT", headers });
}

for (let tries = 0; tries < 60; tries++) {
  const status = await create().then((answer) => answer.status, () => 0);
  // 409: it is there.
  if (status === 201 || status === 409) process.exit(0);
  await new Promise((resolve) => setTimeout(resolve, 1000));
}
console.error("Azurite makes no container");
process.exit(1);
