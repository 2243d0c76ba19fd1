// The addon in node.c: promises of answers, errors, time-outs, and a loop that goes on meanwhile.
'use strict';
const assert = require('node:assert');
const call = require(process.argv[2]);
const [greeter, bad] = ['tests/guests/greeter.wasm', 'tests/hosts/bad.wat'];

async function main() {
  // Node ends when nothing but calls is left, whose completions would find it gone: wait for them.
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  assert.strictEqual(await call(greeter, 'greet', 'Node', 60000), 'Hello, Node!');
  await assert.rejects(call(bad, 'trap', '', 60000), /unreachable/);
  await assert.rejects(call(bad, 'none', '', 60000), /no function `none`/);
  await assert.rejects(call('none.wasm', 'greet', '', 60000), /No such file/);

  const before = ticks;
  const spinners = Promise.allSettled(Array.from({length: 4}, () => call(bad, 'spin', '', 500)));
  const greetings = Array.from({length: 20}, (_, i) => call(greeter, 'greet', `${i}`, 60000));
  const said = await Promise.all(greetings);
  said.forEach((text, i) => assert.strictEqual(text, `Hello, ${i}!`));
  for (const spinner of await spinners) assert.match(`${spinner.reason}`, /limit of 500 ms/);
  assert(ticks - before > 5, `the loop stood still: ${ticks - before} ticks`);
  clearInterval(timer);
  console.log('   promises, errors, time-outs; the loop goes on meanwhile');
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
