// Boots a Multiboot image in v86: COM1 goes to standard output, a line at a time.
// usage: v86-runner.mjs LIBRARY WASM-FOLDER IMAGE MIB COMMAND-LINE
import { readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const [library, folder, file, memory, cmdline] = process.argv.slice(2);
const { V86 } = await import(library);
const image = readFileSync(file);
const emulator = new V86({
  wasm_path: join(folder, 'v86.wasm'),
  memory_size: Number(memory) << 20,
  vga_memory_size: 2 << 20,
  multiboot: { buffer: image.buffer.slice(image.byteOffset, image.byteOffset + image.length) },
  cmdline,
  autostart: true,
  disable_keyboard: true,
  disable_mouse: true,
  disable_speaker: true,
  log_level: 0,
});

let line = [];
emulator.add_listener('serial0-output-byte', (byte) => {
  line.push(byte);
  if (byte !== 10) return;
  const text = Buffer.from(line);
  line = [];
  writeSync(1, text);
  // v86 ends a test at port 0xf4 by throwing; the last line is enough.
  if (text.toString() === 'DONE\n') process.exit(0);
});
