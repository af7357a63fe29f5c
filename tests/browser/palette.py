"""Makes a picture small: 256 colours, the frequent ones exactly and others far from them, decoded by the browser."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

REDUCE = """
async (url) => {
  const image = await createImageBitmap(await (await fetch(url)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height);
  const brush = canvas.getContext('2d');
  brush.drawImage(image, 0, 0);
  const pixels = new Uint32Array(brush.getImageData(0, 0, image.width, image.height).data.buffer);
  const counts = new Map();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const kept = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a)).slice(0, 128);
  const parts = (colour) => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  const apart = ([r, g, b], [x, y, z]) => (x - r) ** 2 + (y - g) ** 2 + (z - b) ** 2;
  const rest = [...counts.keys()].map((colour) => [colour, parts(colour), Infinity]);
  for (let at = 0; at < Math.min(256, rest.length); at++) {
    if (at >= kept.length) kept.push(rest.reduce((far, one) => (one[2] > far[2] ? one : far))[0]);
    const last = parts(kept[at]);
    for (const one of rest) one[2] = Math.min(one[2], apart(one[1], last));
  }
  const palette = kept.map(parts);
  const index = new Map(kept.map((colour, at) => [colour, at]));
  for (const colour of counts.keys()) {
    if (index.has(colour)) continue;
    const own = parts(colour);
    const far = palette.map((one) => apart(one, own));
    index.set(colour, far.indexOf(Math.min(...far)));
  }
  let text = '';
  for (const colour of pixels) text += String.fromCharCode(index.get(colour));
  return { width: image.width, height: image.height, palette: palette.flat(), pixels: btoa(text) };
}
"""


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def reduced(page: Page, png: bytes) -> bytes:
    """The picture as an indexed PNG; `page` is any page that may fetch data: addresses."""
    found = page.evaluate(REDUCE, "data:image/png;base64," + base64.b64encode(png).decode())
    width, height = found["width"], found["height"]
    pixels = base64.b64decode(found["pixels"])
    lines = b"".join(b"\0" + pixels[at : at + width] for at in range(0, width * height, width))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    body = [chunk(b"IHDR", head), chunk(b"PLTE", bytes(found["palette"])), chunk(b"IDAT", zlib.compress(lines, 9))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body) + chunk(b"IEND", b"")
