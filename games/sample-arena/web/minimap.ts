import type { Frame } from '../rules/frame.ts';
import type { ArenaMap } from '../rules/maps.ts';
import { PALETTES, PICKUP_COLORS } from './palette.ts';

/** The whole island, small. */
export function drawMinimap(canvas: HTMLCanvasElement, map: ArenaMap, frame: Frame, number: number): void {
  const context = canvas.getContext('2d')!;
  const ratio = Math.min(devicePixelRatio || 1, 2);
  if (canvas.width !== 200 * ratio) {
    canvas.width = 200 * ratio;
    canvas.height = 140 * ratio;
  }
  const scale = canvas.width / map.width;
  const palette = PALETTES[map.id];
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, map.width, map.height);
  context.globalAlpha = 0.82;
  context.fillStyle = palette.ground;
  context.fillRect(0, 0, map.width, map.height);
  context.globalAlpha = 1;
  context.fillStyle = palette.rockShade;
  for (const rock of map.rocks) dot(context, rock.x, rock.y, rock.r);
  for (const wall of map.walls) context.fillRect(wall.x, wall.y, wall.w, wall.h);
  for (const portal of map.portals) {
    context.fillStyle = '#07131f';
    dot(context, portal.x, portal.y, 74);
    context.fillStyle = PALETTES[portal.to].accent;
    dot(context, portal.x, portal.y, 56);
  }
  for (const { kind, x, y } of frame.pickups) {
    context.fillStyle = PICKUP_COLORS[kind];
    if (kind !== 'crystal') dot(context, x, y, 22);
  }
  for (const body of frame.bodies) {
    if (!body.present || body.number === number) continue;
    context.fillStyle = '#c23b3b';
    dot(context, body.x, body.y, 28);
  }
  const me = frame.bodies.find((body) => body.number === number);
  if (!me) return;
  context.fillStyle = '#07131f';
  dot(context, me.x, me.y, 48);
  context.fillStyle = '#ffffff';
  dot(context, me.x, me.y, 36);
}

function dot(context: CanvasRenderingContext2D, x: number, y: number, r: number): void {
  context.beginPath();
  context.arc(x, y, r, 0, Math.PI * 2);
  context.fill();
}
