// Draws icon.png (128 x 128): two lines that run in step and one that drifts away.
import { writeFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';

const size = 128;
const samples = 4; // per pixel and direction: soft edges
const background = [23, 37, 58];
const lines = [
  { colour: [120, 220, 190], y: () => 40 },
  { colour: [120, 220, 190], y: () => 64 },
  { colour: [255, 176, 87], y: x => 88 + 18 * Math.max(0, (x - 50) / 58) ** 2 },
];

function colourAt(x, y) {
  const corner = 22;
  const dx = Math.max(corner - x, x - (size - corner), 0);
  const dy = Math.max(corner - y, y - (size - corner), 0);
  if (Math.hypot(dx, dy) > corner) return [0, 0, 0, 0];
  for (const line of lines) {
    const nearest = Math.min(108, Math.max(20, x));
    if (Math.hypot(x - nearest, y - line.y(nearest)) <= 5) return [...line.colour, 255];
  }
  return [...background, 255];
}

function pixel(column, row) {
  const sum = [0, 0, 0, 0];
  for (let i = 0; i < samples; i++) {
    for (let j = 0; j < samples; j++) {
      const [r, g, b, a] = colourAt(column + (i + 0.5) / samples, row + (j + 0.5) / samples);
      sum[0] += r * a; sum[1] += g * a; sum[2] += b * a; sum[3] += a;
    }
  }
  const alpha = sum[3] || 1;
  return [sum[0] / alpha, sum[1] / alpha, sum[2] / alpha, sum[3] / samples ** 2].map(Math.round);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

const rows = [];
for (let row = 0; row < size; row++) {
  rows.push(0); // filter: none
  for (let column = 0; column < size; column++) rows.push(...pixel(column, row));
}
const header = Buffer.alloc(13);
header.writeUInt32BE(size, 0);
header.writeUInt32BE(size, 4);
header.set([8, 6, 0, 0, 0], 8); // 8 bits, RGBA
writeFileSync(process.argv[2] ?? 'icon.png', Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  chunk('IHDR', header),
  chunk('IDAT', deflateSync(Buffer.from(rows), { level: 9 })),
  chunk('IEND', Buffer.alloc(0)),
]));
