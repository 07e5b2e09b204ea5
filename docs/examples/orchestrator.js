#!/usr/bin/env node
// SPDX-License-Identifier: BSD-3-Clause
// An orchestrator in small: orchestrator.js SOCKET BUILD VM-ADDRESS...
const http = require('http');
const [socketPath, build, ...addresses] = process.argv.slice(2);

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = { Host: 'edge', 'Content-Type': 'application/json' };
    const request = http.request({ socketPath, method, path, headers }, (answer) => {
      let text = '';
      answer.on('data', (part) => { text += part; });
      answer.on('end', () => {
        const isJson = (answer.headers['content-type'] || '').includes('json');
        const value = isJson ? JSON.parse(text) : text;
        if (answer.statusCode >= 400)
          reject(new Error(`${value.status} ${value.title}: ${value.detail}`));
        else
          resolve(value);
      });
    });
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function main() {
  const nodes = addresses.map((address, index) => ({ index, address }));
  const put = await call('PUT', `/v1/builds/${build}`, { user: 'ubuntu', nodes });
  put.nodes.forEach((node) => console.log(node.ssh));
  console.log(await call('GET', `/v1/builds/${build}/connect?view=enable`));
  const done = await call('POST', `/v1/builds/${build}/finish`);
  console.log(done.state, 'until', done.deadline);
  await call('DELETE', `/v1/builds/${build}`);
}

main().catch((error) => { console.error(error.message); process.exit(1); });
