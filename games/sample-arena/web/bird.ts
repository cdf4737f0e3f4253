import type { BodyView } from '../rules/frame.ts';
import { HP_MAX, PLAYER_RADIUS as R } from '../rules/numbers.ts';

export interface BirdLook {
  hue: number;
  name: string;
  mine: boolean;
  /** Units per millisecond: wings beat with it. */
  speed: number;
  /** 1 right after a hit or a shot, fading to 0. */
  flash: number;
  recoil: number;
  /** CSS pixels per unit, for letters that can be read on a phone. */
  scale: number;
}

/** A player from above: a round sea bird, beak in front. */
export function drawBird(context: CanvasRenderingContext2D, body: BodyView, look: BirdLook, nowMs: number): void {
  const { x, y } = body;
  context.save();
  context.translate(x, y);
  if (body.safe) context.globalAlpha = 0.62 + Math.sin(nowMs / 90) * 0.2;

  context.fillStyle = 'rgb(4 12 20 / 30%)';
  context.beginPath();
  context.ellipse(5, 9, R * 0.98, R * 0.86, 0, 0, Math.PI * 2);
  context.fill();

  if (look.mine) {
    context.strokeStyle = 'rgb(255 255 255 / 85%)';
    context.lineWidth = 2;
    context.setLineDash([7, 6]);
    context.lineDashOffset = -nowMs / 60;
    context.beginPath();
    context.arc(0, 0, R + 9, 0, Math.PI * 2);
    context.stroke();
    context.setLineDash([]);
  }

  context.rotate(body.aim);
  context.translate(-look.recoil * 4, 0);
  const plumage = `hsl(${look.hue} 52% 34%)`;
  const bright = `hsl(${look.hue} 78% 62%)`;
  const beat = Math.sin(nowMs / 70 + body.number) * Math.min(1, look.speed * 6);

  context.lineWidth = 2.2;
  context.strokeStyle = bright;
  context.fillStyle = plumage;
  for (const side of [-1, 1]) {
    context.beginPath();
    context.ellipse(-4, side * (R - 2), 13, 7 + beat * 3, side * (0.5 + beat * 0.25), 0, Math.PI * 2);
    context.fill();
    context.stroke();
  }
  context.beginPath();
  context.moveTo(-R + 3, -7);
  context.lineTo(-R - 9, 0);
  context.lineTo(-R + 3, 7);
  context.closePath();
  context.fill();
  context.stroke();

  context.fillStyle = '#ff9d3c';
  context.beginPath();
  context.moveTo(R - 6, -7.5);
  context.quadraticCurveTo(R + 5, -4.5, R + 11, 0);
  context.quadraticCurveTo(R + 5, 4.5, R - 6, 7.5);
  context.closePath();
  context.fill();
  context.fillStyle = '#d96f1f';
  context.fillRect(R - 5, -0.9, 13, 1.8);

  context.fillStyle = plumage;
  context.beginPath();
  context.arc(0, 0, R - 1, 0, Math.PI * 2);
  context.fill();
  context.stroke();
  context.fillStyle = '#f6f1e8';
  context.beginPath();
  context.ellipse(7, 0, 9.5, 11.5, 0, 0, Math.PI * 2);
  context.fill();
  context.fillStyle = '#13202c';
  for (const side of [-1, 1]) {
    context.beginPath();
    context.arc(9, side * 5.6, 2.5, 0, Math.PI * 2);
    context.fill();
  }
  if (look.flash > 0) {
    context.globalAlpha = look.flash * 0.85;
    context.fillStyle = '#fff';
    context.beginPath();
    context.arc(0, 0, R + 1, 0, Math.PI * 2);
    context.fill();
  }
  context.restore();

  if (body.shield > 0) drawShield(context, body, nowMs);
  if (body.rapid) drawSparkle(context, body, nowMs);
  if (!look.mine) drawLabel(context, body, look, bright);
}

function drawShield(context: CanvasRenderingContext2D, { x, y, shield }: BodyView, nowMs: number): void {
  context.save();
  context.translate(x, y);
  context.rotate(nowMs / 1500);
  context.strokeStyle = '#74d4ff';
  context.globalAlpha = 0.35 + shield * 0.6;
  context.lineWidth = 2 + shield * 2;
  context.beginPath();
  for (let i = 0; i <= 6; i++) {
    const angle = (i / 6) * Math.PI * 2;
    context.lineTo(Math.cos(angle) * (R + 13), Math.sin(angle) * (R + 13));
  }
  context.closePath();
  context.stroke();
  context.globalAlpha *= 0.2;
  context.fillStyle = '#74d4ff';
  context.fill();
  context.restore();
}

function drawSparkle(context: CanvasRenderingContext2D, { x, y }: BodyView, nowMs: number): void {
  context.fillStyle = '#ffd27a';
  for (let i = 0; i < 3; i++) {
    const angle = nowMs / 160 + (i * Math.PI * 2) / 3;
    context.beginPath();
    context.arc(x + Math.cos(angle) * (R + 7), y + Math.sin(angle) * (R + 7), 3, 0, Math.PI * 2);
    context.fill();
  }
}

function drawLabel(context: CanvasRenderingContext2D, { x, y, hp }: BodyView, look: BirdLook, bright: string): void {
  const size = Math.max(14, 11 / look.scale);
  context.font = `600 ${size}px "Avenir Next", "Segoe UI", "Liberation Sans", system-ui, sans-serif`;
  context.textAlign = 'center';
  context.lineJoin = 'round';
  context.lineWidth = 3.5;
  context.strokeStyle = 'rgb(5 14 24 / 75%)';
  const top = y - R - (hp < HP_MAX ? 22 : 16);
  context.strokeText(look.name, x, top);
  context.fillStyle = '#f3f8fa';
  context.fillText(look.name, x, top);
  if (hp >= HP_MAX) return;
  context.fillStyle = 'rgb(5 14 24 / 75%)';
  context.fillRect(x - 22, y - R - 17, 44, 6);
  context.fillStyle = hp < 35 ? '#ff6b6b' : bright;
  context.fillRect(x - 21, y - R - 16, (42 * hp) / HP_MAX, 4);
}
