import type { Box, Circle } from '../rules/geometry.ts';
import type { ArenaMap } from '../rules/maps.ts';
import type { Camera } from './camera.ts';
import { noise, PALETTES, type Palette } from './palette.ts';

/** Land around the arena's edge that nobody can walk on, and the sea that the picture holds around it. */
const SHORE = 46;
const MARGIN = 120;
/** Pixels of the prepared picture per unit: 30 MB, and sharp enough under things that move. */
const DETAIL = 1.4;

/** The island, painted once, and the sea around it, which moves. */
export class Terrain {
  readonly #pictures = new Map<string, HTMLCanvasElement>();

  draw(context: CanvasRenderingContext2D, camera: Camera, map: ArenaMap, nowMs: number): void {
    const palette = PALETTES[map.id];
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = palette.sea;
    context.fillRect(0, 0, camera.canvas.width, camera.canvas.height);
    camera.enter(context);
    drawWaves(context, camera, palette, nowMs);
    drawSurf(context, map, palette, nowMs);
    const picture = this.#picture(map, palette);
    context.drawImage(picture, -MARGIN, -MARGIN, map.width + MARGIN * 2, map.height + MARGIN * 2);
  }

  #picture(map: ArenaMap, palette: Palette): HTMLCanvasElement {
    const known = this.#pictures.get(map.id);
    if (known) return known;
    const canvas = document.createElement('canvas');
    canvas.width = (map.width + MARGIN * 2) * DETAIL;
    canvas.height = (map.height + MARGIN * 2) * DETAIL;
    const context = canvas.getContext('2d')!;
    context.setTransform(DETAIL, 0, 0, DETAIL, MARGIN * DETAIL, MARGIN * DETAIL);
    paintGround(context, map, palette);
    for (const wall of map.walls)
      paintShadow(context, () => context.roundRect(wall.x + 7, wall.y + 12, wall.w, wall.h, 8));
    for (const rock of map.rocks) paintShadow(context, () => outline(context, rock, 0.98, 9, 16));
    for (const wall of map.walls) paintWall(context, wall, palette);
    map.rocks.forEach((rock, i) => {
      if (map.id === 'grove') paintTree(context, rock, palette, i);
      else paintRock(context, rock, palette, i, map.id === 'ember');
    });
    // One picture is kept: who travels needs the last one no more.
    this.#pictures.clear();
    this.#pictures.set(map.id, canvas);
    return canvas;
  }
}

/** The island's edge, a little uneven, `grow` units outside of the arena. */
function coast(context: CanvasRenderingContext2D, map: ArenaMap, grow: number, phase: number): void {
  const steps = 96;
  const halfX = map.width / 2 + grow;
  const halfY = map.height / 2 + grow;
  const point = (i: number): [number, number] => {
    const angle = (i / steps) * Math.PI * 2;
    const cos = Math.cos(angle);
    const sin = Math.sin(angle);
    // A square that gives way at the corners.
    const reach = (cos ** 14 + sin ** 14) ** (-1 / 14);
    const uneven = (noise(i % steps, map.rocks.length) - 0.5) * 22 + Math.sin(angle * 9 + phase) * 5;
    return [map.width / 2 + cos * (reach * halfX + uneven), map.height / 2 + sin * (reach * halfY + uneven)];
  };
  context.beginPath();
  for (let i = 0; i <= steps; i++) {
    const [x, y] = point(i);
    const [nextX, nextY] = point(i + 1);
    if (i === 0) context.moveTo((x + nextX) / 2, (y + nextY) / 2);
    else context.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
  }
  context.closePath();
}

function drawSurf(context: CanvasRenderingContext2D, map: ArenaMap, palette: Palette, nowMs: number): void {
  const phase = nowMs / 1400;
  context.globalAlpha = 0.55;
  context.fillStyle = palette.shallows;
  coast(context, map, SHORE + 54, phase);
  context.fill();
  context.globalAlpha = 0.5;
  context.strokeStyle = palette.foam;
  context.lineWidth = 5;
  coast(context, map, SHORE + 16 + Math.sin(nowMs / 900) * 9, phase * 1.3);
  context.stroke();
  context.globalAlpha = 0.22;
  context.lineWidth = 3;
  coast(context, map, SHORE + 36 + Math.sin(nowMs / 1300 + 2) * 13, -phase);
  context.stroke();
  context.globalAlpha = 1;
}

function drawWaves(context: CanvasRenderingContext2D, camera: Camera, palette: Palette, nowMs: number): void {
  const step = 130;
  const left = camera.x - camera.width / camera.scale / 2 - step;
  const right = camera.x + camera.width / camera.scale / 2 + step;
  const top = camera.y - camera.height / camera.scale / 2 - step;
  const bottom = camera.y + camera.height / camera.scale / 2 + step;
  context.strokeStyle = palette.foam;
  context.lineWidth = 3;
  context.lineCap = 'round';
  for (let row = Math.floor(top / step); row * step < bottom; row++) {
    for (let column = Math.floor(left / step); column * step < right; column++) {
      const dice = noise(row, column);
      const alpha = Math.sin(nowMs / 1100 + dice * 20) * 0.16;
      if (alpha <= 0.01) continue;
      const x = (column + dice) * step + Math.sin(nowMs / 2600 + dice * 9) * 26;
      const y = (row + noise(column, row)) * step;
      context.globalAlpha = alpha;
      context.beginPath();
      context.moveTo(x - 22, y);
      context.quadraticCurveTo(x - 11, y - 7, x, y);
      context.quadraticCurveTo(x + 11, y + 7, x + 22, y);
      context.stroke();
    }
  }
  context.globalAlpha = 1;
}

function paintGround(context: CanvasRenderingContext2D, map: ArenaMap, palette: Palette): void {
  context.fillStyle = palette.shore;
  coast(context, map, SHORE, 0);
  context.fill();
  context.save();
  coast(context, map, SHORE - 20, 1);
  context.clip();
  context.fillStyle = palette.ground;
  context.fillRect(-MARGIN, -MARGIN, map.width + MARGIN * 2, map.height + MARGIN * 2);
  // Large soft patches, then small marks.
  for (let i = 0; i < 70; i++) {
    const x = noise(i, 1) * map.width;
    const y = noise(i, 2) * map.height;
    const r = 70 + noise(i, 3) * 170;
    const blot = context.createRadialGradient(x, y, 0, x, y, r);
    blot.addColorStop(0, `${palette.speckle[i % 2]!}b0`);
    blot.addColorStop(1, `${palette.speckle[i % 2]!}00`);
    context.fillStyle = blot;
    context.fillRect(x - r, y - r, r * 2, r * 2);
  }
  for (let i = 0; i < 620; i++) {
    const x = noise(i, 11) * map.width;
    const y = noise(i, 12) * map.height;
    context.fillStyle = palette.speckle[i % 2]!;
    context.globalAlpha = 0.8;
    context.beginPath();
    if (map.id === 'grove') {
      context.moveTo(x - 5, y);
      context.lineTo(x - 7, y - 9);
      context.lineTo(x, y - 2);
      context.lineTo(x + 3, y - 11);
      context.lineTo(x + 5, y);
    } else context.ellipse(x, y, 3 + noise(i, 13) * 7, 2 + noise(i, 14) * 3, noise(i, 15) * 3, 0, Math.PI * 2);
    context.fill();
  }
  if (map.id === 'ember') paintCracks(context, map, palette);
  context.restore();
  context.globalAlpha = 1;
}

/** Where the ember shines through. */
function paintCracks(context: CanvasRenderingContext2D, map: ArenaMap, palette: Palette): void {
  context.lineJoin = 'round';
  for (let i = 0; i < 26; i++) {
    let x = noise(i, 21) * map.width;
    let y = noise(i, 22) * map.height;
    const heading = noise(i, 23) * Math.PI * 2;
    const crack = new Path2D();
    crack.moveTo(x, y);
    for (let j = 0; j < 7; j++) {
      const angle = heading + (noise(i, 30 + j) - 0.5) * 1.7;
      x += Math.cos(angle) * 26;
      y += Math.sin(angle) * 26;
      crack.lineTo(x, y);
    }
    context.globalAlpha = 0.12;
    context.strokeStyle = palette.accent;
    context.lineWidth = 16;
    context.stroke(crack);
    context.globalAlpha = 0.75;
    context.lineWidth = 2.4;
    context.stroke(crack);
  }
}

/** A rough circle: `share` of the rock's radius, moved by (dx, dy). */
function outline(context: CanvasRenderingContext2D, rock: Circle, share: number, dx: number, dy: number): void {
  const corners = Math.max(9, Math.round(rock.r / 6));
  for (let i = 0; i < corners; i++) {
    const angle = (i / corners) * Math.PI * 2;
    const r = rock.r * share * (0.93 + noise(i, Math.round(rock.x + rock.y)) * 0.13);
    const x = rock.x + dx + Math.cos(angle) * r;
    const y = rock.y + dy + Math.sin(angle) * r;
    if (i === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.closePath();
}

function paintShadow(context: CanvasRenderingContext2D, shape: () => void): void {
  context.fillStyle = 'rgb(4 12 20 / 26%)';
  context.beginPath();
  shape();
  context.fill();
}

function paintRock(
  context: CanvasRenderingContext2D,
  rock: Circle,
  palette: Palette,
  seed: number,
  glows: boolean,
): void {
  const layer = (share: number, dx: number, dy: number, color: string) => {
    context.fillStyle = color;
    context.beginPath();
    outline(context, rock, share, dx, dy);
    context.fill();
  };
  context.lineJoin = 'round';
  layer(1, 0, 0, palette.rockShade);
  layer(0.93, -rock.r * 0.03, -rock.r * 0.05, palette.rock);
  layer(0.6, -rock.r * 0.14, -rock.r * 0.2, palette.rockLight);
  paintRidges(context, rock, palette, seed);
  if (!glows) return;
  context.strokeStyle = palette.accent;
  context.globalAlpha = 0.6;
  context.lineWidth = 2;
  context.beginPath();
  const from = noise(seed, 7) * Math.PI * 2;
  context.moveTo(rock.x + Math.cos(from) * rock.r * 0.8, rock.y + Math.sin(from) * rock.r * 0.8);
  for (let i = 1; i <= 4; i++)
    context.lineTo(
      rock.x + Math.cos(from + i * 0.24) * rock.r * (0.8 - i * 0.15),
      rock.y + Math.sin(from + i * 0.24) * rock.r * (0.8 - i * 0.15),
    );
  context.stroke();
  context.globalAlpha = 1;
}

/** Edges that run down from the top: a rock, not a plate. */
function paintRidges(context: CanvasRenderingContext2D, rock: Circle, palette: Palette, seed: number): void {
  const topX = rock.x - rock.r * 0.16;
  const topY = rock.y - rock.r * 0.24;
  context.strokeStyle = palette.rockShade;
  context.lineCap = 'round';
  for (let i = 0; i < 5; i++) {
    const angle = (i / 5) * Math.PI * 2 + noise(seed, i + 40);
    const reach = rock.r * (0.72 + noise(seed, i + 50) * 0.14);
    const endX = rock.x + Math.cos(angle) * reach;
    const endY = rock.y + Math.sin(angle) * reach;
    const bend = (noise(seed, i + 60) - 0.5) * rock.r * 0.3;
    context.globalAlpha = 0.28;
    context.lineWidth = 1.4 + rock.r * 0.016;
    context.beginPath();
    context.moveTo(topX, topY);
    context.lineTo((topX + endX) / 2 + bend, (topY + endY) / 2 - bend);
    context.lineTo(endX, endY);
    context.stroke();
  }
  context.globalAlpha = 1;
}

function paintTree(context: CanvasRenderingContext2D, tree: Circle, palette: Palette, seed: number): void {
  const blob = (share: number, dx: number, dy: number, color: string) => {
    context.fillStyle = color;
    context.beginPath();
    const lobes = 9;
    for (let i = 0; i < lobes; i++) {
      const angle = (i / lobes) * Math.PI * 2 + seed;
      const x = tree.x + dx + Math.cos(angle) * tree.r * share * 0.68;
      const y = tree.y + dy + Math.sin(angle) * tree.r * share * 0.68;
      context.moveTo(x, y);
      context.arc(x, y, tree.r * share * (0.3 + noise(seed, i) * 0.05), 0, Math.PI * 2);
    }
    context.moveTo(tree.x + dx, tree.y + dy);
    context.arc(tree.x + dx, tree.y + dy, tree.r * share * 0.75, 0, Math.PI * 2);
    context.fill();
  };
  blob(1, 0, 0, palette.rockShade);
  blob(0.9, -tree.r * 0.04, -tree.r * 0.06, palette.rock);
  blob(0.52, -tree.r * 0.16, -tree.r * 0.22, palette.rockLight);
}

function paintWall(context: CanvasRenderingContext2D, wall: Box, palette: Palette): void {
  const shape = (inset: number, lift: number, color: string) => {
    context.fillStyle = color;
    context.beginPath();
    context.roundRect(wall.x + inset, wall.y + inset - lift, wall.w - inset * 2, wall.h - inset * 2, 8 - inset);
    context.fill();
  };
  shape(0, 0, palette.rockShade);
  shape(2, 3, palette.wall);
  context.fillStyle = palette.wallLight;
  context.globalAlpha = 0.8;
  const lengthwise = wall.w > wall.h;
  const blocks = Math.max(1, Math.round((lengthwise ? wall.w : wall.h) / 52));
  for (let i = 0; i < blocks; i++) {
    const [x, y, w, h] = lengthwise
      ? [wall.x + (wall.w / blocks) * i, wall.y, wall.w / blocks, wall.h]
      : [wall.x, wall.y + (wall.h / blocks) * i, wall.w, wall.h / blocks];
    context.beginPath();
    context.roundRect(x + 6, y + 3, w - 12, h - 15, 5);
    context.fill();
  }
  context.globalAlpha = 1;
}
