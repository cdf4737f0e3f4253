import type { PickupView, ShotView } from '../rules/frame.ts';
import { MAPS, type Portal } from '../rules/maps.ts';
import { PICKUP_RADIUS, PORTAL_RADIUS } from '../rules/numbers.ts';
import { PALETTES, PICKUP_COLORS } from './palette.ts';

/** A gate in the colour of where it leads, and its name. */
export function drawPortal(context: CanvasRenderingContext2D, portal: Portal, nowMs: number): void {
  const { accent, sea } = PALETTES[portal.to];
  const { x, y } = portal;
  const glow = context.createRadialGradient(x, y, 8, x, y, PORTAL_RADIUS * 1.7);
  glow.addColorStop(0, `${accent}ee`);
  glow.addColorStop(0.45, `${accent}66`);
  glow.addColorStop(1, `${accent}00`);
  context.fillStyle = glow;
  context.beginPath();
  context.arc(x, y, PORTAL_RADIUS * 1.7, 0, Math.PI * 2);
  context.fill();
  context.fillStyle = sea;
  context.beginPath();
  context.arc(x, y, PORTAL_RADIUS * 0.82, 0, Math.PI * 2);
  context.fill();
  context.lineCap = 'round';
  context.strokeStyle = accent;
  for (let i = 0; i < 4; i++) {
    const radius = PORTAL_RADIUS * (0.28 + i * 0.19);
    const from = (nowMs / (520 + i * 190)) * (i % 2 ? -1 : 1) + i * 1.9;
    context.globalAlpha = 0.95 - i * 0.12;
    context.lineWidth = 4.6 - i * 0.5;
    context.beginPath();
    context.arc(x, y, radius, from, from + 2.1);
    context.stroke();
    context.beginPath();
    context.arc(x, y, radius, from + Math.PI, from + Math.PI + 1.6);
    context.stroke();
  }
  context.globalAlpha = 1;
  context.font = '700 17px "Avenir Next", "Segoe UI", "Liberation Sans", system-ui, sans-serif';
  context.textAlign = x < 100 ? 'left' : x > 1900 ? 'right' : 'center';
  const labelX = x < 100 ? x - 20 : x > 1900 ? x + 20 : x;
  const labelY = y < 100 ? y + PORTAL_RADIUS + 34 : y - PORTAL_RADIUS - 22;
  context.lineWidth = 4;
  context.lineJoin = 'round';
  context.strokeStyle = 'rgb(5 14 24 / 80%)';
  const { title } = MAPS[portal.to];
  context.strokeText(title, labelX, labelY);
  context.fillStyle = accent;
  context.fillText(title, labelX, labelY);
}

export function drawPickup(context: CanvasRenderingContext2D, pickup: PickupView, nowMs: number): void {
  const color = PICKUP_COLORS[pickup.kind];
  const float = Math.sin(nowMs / 380 + pickup.x) * 3;
  context.save();
  context.fillStyle = 'rgb(4 12 20 / 28%)';
  context.beginPath();
  context.ellipse(pickup.x + 2, pickup.y + 15, 11, 5, 0, 0, Math.PI * 2);
  context.fill();
  context.translate(pickup.x, pickup.y + float - 3);
  if (pickup.kind === 'crystal') drawCrystal(context, color, nowMs + pickup.x * 7);
  else {
    context.fillStyle = '#0d2030';
    context.strokeStyle = color;
    context.lineWidth = 3;
    context.beginPath();
    context.arc(0, 0, PICKUP_RADIUS - 2, 0, Math.PI * 2);
    context.fill();
    context.stroke();
    context.fillStyle = color;
    drawSign(context, pickup.kind);
  }
  context.restore();
}

function drawCrystal(context: CanvasRenderingContext2D, color: string, phase: number): void {
  const facet = (points: readonly (readonly [number, number])[], shade: string) => {
    context.fillStyle = shade;
    context.beginPath();
    for (const [x, y] of points) context.lineTo(x, y);
    context.closePath();
    context.fill();
  };
  facet(
    [
      [0, -14],
      [9, -3],
      [0, 13],
      [-9, -3],
    ],
    color,
  );
  facet(
    [
      [0, -14],
      [9, -3],
      [2, -1],
    ],
    '#f6d9ff',
  );
  facet(
    [
      [-9, -3],
      [2, -1],
      [0, 13],
    ],
    '#b35bd6',
  );
  const glint = Math.max(0, Math.sin(phase / 420));
  context.globalAlpha = glint;
  context.fillStyle = '#fff';
  context.beginPath();
  context.arc(-3, -6, 2.4, 0, Math.PI * 2);
  context.fill();
}

function drawSign(context: CanvasRenderingContext2D, kind: 'health' | 'rapid' | 'shield'): void {
  context.beginPath();
  if (kind === 'health') {
    context.rect(-3, -9, 6, 18);
    context.rect(-9, -3, 18, 6);
  } else if (kind === 'rapid') {
    context.moveTo(3, -11);
    context.lineTo(-7, 2);
    context.lineTo(-1, 2);
    context.lineTo(-3, 11);
    context.lineTo(7, -2);
    context.lineTo(1, -2);
    context.closePath();
  } else {
    context.moveTo(0, -10);
    context.lineTo(8, -6);
    context.quadraticCurveTo(8, 6, 0, 11);
    context.quadraticCurveTo(-8, 6, -8, -6);
    context.closePath();
  }
  context.fill();
}

/** A glowing pebble with its trail. */
export function drawShot(context: CanvasRenderingContext2D, shot: ShotView, hue: number, mine: boolean): void {
  const cos = Math.cos(shot.angle);
  const sin = Math.sin(shot.angle);
  context.lineCap = 'round';
  context.strokeStyle = mine ? 'rgb(255 150 50 / 75%)' : `hsl(${hue} 90% 58% / 60%)`;
  context.lineWidth = 8;
  context.beginPath();
  context.moveTo(shot.x - cos * 30, shot.y - sin * 30);
  context.lineTo(shot.x, shot.y);
  context.stroke();
  context.strokeStyle = 'rgb(40 12 8 / 85%)';
  context.fillStyle = mine ? '#fff1cc' : `hsl(${hue} 100% 82%)`;
  context.lineWidth = 1.6;
  context.beginPath();
  context.arc(shot.x, shot.y, 5.6, 0, Math.PI * 2);
  context.fill();
  context.stroke();
}
