// Assembles every source under some folders with NASM and with hyperstep-asm
// and compares what comes out, byte for byte:
//
//   npm run -s conformance -- [--formats=bin,elf64] [--cwd=DIR] [--json=FILE] [--cache=DIR] [--limit=SECONDS]
//     PATH… [-- NASM'S FLAGS]
//
// Each file is tried in each format (`bin`, `elf32` and `elf64` without
// --formats); its own folder is an include folder. --cache keeps what NASM
// gave for a command line: NASM takes long on sources full of macros. Exit
// code 1 when anything differs.
import { fork, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { bundle, root } from './bundle.mjs';

const SOURCES = new Set(['.asm', '.nasm', '.nas', '.s', '.yasm']);
/** Milliseconds NASM may take for one file unless --limit says otherwise. */
const LIMIT = 60_000;
const program = join(root, 'out/conformance/run.js');

/** Everything to assemble, relative to `cwd`. */
function sourcesOf(paths, cwd) {
  return paths
    .flatMap((path) => {
      if (!statSync(path).isDirectory()) return [path];
      return readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((e) => e.isFile() && SOURCES.has(extname(e.name).toLowerCase()))
        .map((e) => join(e.parentPath, e.name));
    })
    .map((path) => relative(cwd, resolve(path)))
    .sort();
}

function nasm(words, output, limit) {
  rmSync(output, { force: true });
  const start = process.hrtime.bigint();
  const run = spawnSync('nasm', [...words, '-o', output], {
    encoding: 'latin1',
    timeout: limit,
    killSignal: 'SIGKILL',
  });
  const time = Number(process.hrtime.bigint() - start) / 1e6;
  const text = run.signal ? `error: no answer (${run.signal})` : run.stderr;
  return { bytes: run.status === 0 ? readFileSync(output) : undefined, text, time };
}

/** NASM's answer, kept in the folder `cache` if there is one. */
function theirs(words, output, cache, limit) {
  if (!cache) return nasm(words, output, limit);
  const key = createHash('sha1')
    .update(JSON.stringify([process.cwd(), words]))
    .digest('hex');
  const path = join(cache, key);
  if (existsSync(`${path}.json`)) {
    const known = JSON.parse(readFileSync(`${path}.json`, 'utf8'));
    return { ...known, bytes: known.accepted ? readFileSync(path) : undefined };
  }
  const answer = nasm(words, output, limit);
  const { bytes, ...rest } = answer;
  if (bytes) writeFileSync(path, bytes);
  writeFileSync(`${path}.json`, JSON.stringify({ ...rest, accepted: bytes !== undefined }));
  return answer;
}

function ours(run, words) {
  let bytes;
  let text = '';
  const start = process.cpuUsage();
  const status = run([...words, '-o', '/output'], {
    read(path) {
      try {
        return readFileSync(path);
      } catch {
        return undefined;
      }
    },
    write: (path, content) => {
      if (path === '/output') bytes = content;
      return true;
    },
    remove: () => {},
    stdout: () => {},
    stderr: (t) => {
      text += t;
    },
    now: new Date(),
    folder: process.cwd(),
    environment: process.env,
  });
  const { user, system } = process.cpuUsage(start);
  return { bytes: status === 0 ? bytes : undefined, text, time: (user + system) / 1000 };
}

/** The first error in an assembler's output, without its place. */
function firstError(text) {
  const line = text.split('\n').find((l) => /\b(error|fatal|panic)\b/.test(l)) ?? text.split('\n')[0];
  return line.replace(/^.*?(?=(error|fatal|panic):)/, '');
}

function compare(a, b) {
  if (!a.bytes && !b.bytes) return 'both refuse';
  if (!b.bytes) return 'only NASM';
  if (!a.bytes) return 'only hyperstep-asm';
  return Buffer.compare(a.bytes, Buffer.from(b.bytes)) === 0 ? 'same' : 'different';
}

async function worker() {
  const { default: cli } = await import(program);
  const output = join(tmpdir(), `conformance-${process.pid}`);
  process.on('message', ({ file, format, flags, cache, limit = LIMIT }) => {
    const words = ['-f', format, ...flags, '-I', `${dirname(file)}/`, file];
    const reference = theirs(words, output, cache, limit);
    const mine = ours(cli.run, words);
    const result = compare(reference, mine);
    const reason = result === 'only NASM' ? mine : result === 'only hyperstep-asm' ? reference : undefined;
    process.send({
      file,
      format,
      result,
      reason: reason ? firstError(reason.text) : '',
      line: reason ? (/:(\d+):/.exec(reason.text)?.[1] ?? '') : '',
      nasm: Math.round(reference.time),
      ours: Math.round(mine.time),
    });
  });
  process.on('disconnect', () => rmSync(output, { force: true }));
}

/** Does all jobs in parallel processes. */
function runAll(jobs, cwd) {
  const results = [];
  const queue = [...jobs];
  const one = () =>
    new Promise((done) => {
      let child;
      let timer;
      let job;
      const next = () => {
        clearTimeout(timer);
        job = queue.shift();
        if (!job) {
          child?.disconnect();
          done();
          return;
        }
        if (!child) start();
        child.send(job);
        timer = setTimeout(() => child.kill('SIGKILL'), 3 * (job.limit ?? LIMIT));
      };
      const start = () => {
        child = fork(new URL(import.meta.url).pathname, ['--worker'], { cwd });
        child.on('message', (result) => {
          results.push(result);
          if (results.length % 100 === 0) process.stderr.write(`${results.length}/${jobs.length}\r`);
          next();
        });
        child.on('exit', () => {
          child = undefined;
          if (!job) return;
          results.push({
            file: job.file,
            format: job.format,
            result: 'crash',
            reason: '',
            line: '',
            nasm: 0,
            ours: 0,
          });
          next();
        });
      };
      next();
    });
  return Promise.all(Array.from({ length: availableParallelism() }, one)).then(() => results);
}

async function main() {
  const all = process.argv.slice(2);
  const end = all.indexOf('--');
  const flags = end < 0 ? [] : all.slice(end + 1);
  const words = end < 0 ? all : all.slice(0, end);
  const option = (name) => words.find((w) => w.startsWith(`--${name}=`))?.slice(name.length + 3);
  const formats = (option('formats') ?? 'bin,elf32,elf64').split(',');
  const cwd = resolve(option('cwd') ?? '.');
  const cache = option('cache') && resolve(option('cache'));
  const limit = option('limit') && Number(option('limit')) * 1000;
  if (cache) mkdirSync(cache, { recursive: true });
  const paths = words.filter((w) => !w.startsWith('--'));
  if (!words.includes('--built')) await bundle({ run: 'assembler/src/cli/run.ts' }, dirname(program));
  const files = sourcesOf(paths.length > 0 ? paths : [cwd], cwd);
  const results = await runAll(
    files.flatMap((file) => formats.map((format) => ({ file, format, flags, cache, limit }))),
    cwd,
  );
  results.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
  const json = option('json');
  if (json) writeFileSync(json, results.map((r) => `${JSON.stringify(r)}\n`).join(''));
  const counts = new Map();
  for (const r of results) counts.set(r.result, (counts.get(r.result) ?? 0) + 1);
  const bad = results.filter((r) => r.result !== 'same' && r.result !== 'both refuse');
  for (const r of bad)
    console.log(`${r.result}: ${r.file}${r.line && `:${r.line}`} (${r.format}) ${r.reason}`);
  for (const r of results.filter((t) => t.ours > 3 * t.nasm && t.ours > 1000))
    console.log(`slow: ${r.file} (${r.format}) ${r.ours} ms of processor time, NASM ${r.nasm} ms`);
  console.log(`${files.length} files: ${[...counts].map(([k, n]) => `${n} ${k}`).join(', ')}`);
  process.exitCode = bad.length > 0 ? 1 : 0;
}

await (process.argv[2] === '--worker' ? worker() : main());
