// Starts a broker for tests: node's test runner, jest, vitest, or any other.
'use strict';

const { spawn } = require('node:child_process');
const path = require('node:path');

const START_MS = 30_000; // far more than it takes: a loaded machine starts it late
const STOP_MS = 5_000;
const LOG_CHARACTERS = 64 * 1024;

exports.startBroker = async function startBroker({ args = [], test = false } = {}) {
  const binary = process.env.POCKETMQ_BROKER || path.join(__dirname, 'bin', 'pocketmq-broker');
  // This process holds the other end of standard input, even if it is killed. `--exit-with-parent` would end the broker
  // of a worker thread with the thread on old kernels.
  const options = ['--port', '0', test ? '--test' : '--http', '--exit-on-stdin-close', ...args];
  const broker = spawn(binary, options, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => {
    broker.once('error', (error) => resolve(`cannot be started: ${error.message}`));
    broker.once('close', (code, signal) => resolve(code === 0 ? '' : `has ended with ${signal || `exit code ${code}`}`));
  });

  let log = '';
  broker.stderr.setEncoding('utf8').on('data', (text) => { log = (log + text).slice(-LOG_CHARACTERS); });
  const failure = (what) => new Error(`${binary} ${what}. ${log ? `It has written:\n${log}` : 'It has written nothing.'}`);

  let timer;
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => {
      broker.kill('SIGKILL');
      reject(failure(`has not said 'ready' for ${START_MS / 1000} s`));
    }, START_MS);
  });
  const port = await Promise.race([
    portOf(broker.stdout),
    ended.then((what) => { throw failure(what || 'has ended before it was ready'); }),
    late,
  ]).finally(() => clearTimeout(timer));

  // A test that forgets to stop its broker can end all the same, and the broker with it.
  const handles = [broker, broker.stdin, broker.stdout, broker.stderr];
  for (const handle of handles) handle.unref();

  const stop = async () => {
    for (const handle of handles) handle.ref();
    broker.kill('SIGTERM');
    timer = setTimeout(() => broker.kill('SIGKILL'), STOP_MS);
    const what = await ended;
    clearTimeout(timer);
    if (what) throw failure(what);
  };
  let stopped;
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}/%2F`,
    port,
    httpUrl: `http://127.0.0.1:${port}`,
    stop: () => (stopped ??= stop()),
    log: () => log,
  };
};

// The port of the line "ready on 127.0.0.1:PORT".
function portOf(output) {
  let text = '';
  return new Promise((resolve) => {
    output.setEncoding('utf8').on('data', (more) => {
      text += more;
      const ready = /^ready on .+:(\d+)\n/m.exec(text);
      if (ready) resolve(Number(ready[1]));
    });
  });
}
