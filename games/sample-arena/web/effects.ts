import type { Point } from '../rules/geometry.ts';

interface Particle extends Point {
  dx: number;
  dy: number;
  bornMs: number;
  livesMs: number;
  size: number;
  color: string;
  kind: 'spark' | 'feather' | 'ring' | 'word';
  spin: number;
  word: string;
}

const PARTICLES_MAX = 500;

/** Everything that flies around and fades: sparks, feathers, rings and words. World units and milliseconds. */
export class Effects {
  readonly #particles: Particle[] = [];

  sparks(at: Point, count: number, color: string, speed: number, angle?: number): void {
    for (let i = 0; i < count; i++) {
      const heading = angle === undefined ? Math.random() * Math.PI * 2 : angle + (Math.random() - 0.5) * 1.9;
      const pace = speed * (0.35 + Math.random());
      this.#add('spark', at, heading, pace, 260 + Math.random() * 260, 2 + Math.random() * 2.5, color);
    }
  }

  feathers(at: Point, count: number, color: string): void {
    for (let i = 0; i < count; i++) {
      const shade = i % 3 === 0 ? '#f6f1e8' : color;
      this.#add(
        'feather',
        at,
        Math.random() * Math.PI * 2,
        0.05 + Math.random() * 0.3,
        700 + Math.random() * 900,
        5 + Math.random() * 5,
        shade,
      );
    }
  }

  ring(at: Point, size: number, color: string): void {
    this.#add('ring', at, 0, 0, 450, size, color);
  }

  word(at: Point, word: string, color: string): void {
    this.#add('word', { x: at.x, y: at.y - 24 }, -Math.PI / 2, 0.045, 950, 17, color, word);
  }

  clear(): void {
    this.#particles.length = 0;
  }

  draw(context: CanvasRenderingContext2D, nowMs: number): void {
    for (let i = this.#particles.length - 1; i >= 0; i--) {
      const particle = this.#particles[i]!;
      if (Number.isNaN(particle.bornMs)) particle.bornMs = nowMs;
      const age = (nowMs - particle.bornMs) / particle.livesMs;
      if (age >= 1) {
        this.#particles.splice(i, 1);
        continue;
      }
      drawParticle(context, particle, age);
    }
    context.globalAlpha = 1;
  }

  #add(
    kind: Particle['kind'],
    at: Point,
    heading: number,
    speed: number,
    livesMs: number,
    size: number,
    color: string,
    word = '',
  ): void {
    if (this.#particles.length >= PARTICLES_MAX) this.#particles.shift();
    this.#particles.push({
      kind,
      x: at.x,
      y: at.y,
      dx: Math.cos(heading) * speed,
      dy: Math.sin(heading) * speed,
      bornMs: Number.NaN,
      livesMs,
      size,
      color,
      spin: (Math.random() - 0.5) * 8,
      word,
    });
  }
}

function drawParticle(context: CanvasRenderingContext2D, particle: Particle, age: number): void {
  // Slows down as it goes: the way is the integral of a speed that falls to nothing.
  const way = particle.livesMs * (age - (age * age) / 2);
  const x = particle.x + particle.dx * way;
  const y = particle.y + particle.dy * way;
  context.globalAlpha = 1 - age * age;
  switch (particle.kind) {
    case 'spark':
      context.fillStyle = particle.color;
      context.beginPath();
      context.arc(x, y, particle.size * (1 - age), 0, Math.PI * 2);
      context.fill();
      break;
    case 'feather':
      context.fillStyle = particle.color;
      context.beginPath();
      context.ellipse(x, y, particle.size, particle.size * 0.38, particle.spin * (0.5 + age), 0, Math.PI * 2);
      context.fill();
      break;
    case 'ring':
      context.strokeStyle = particle.color;
      context.lineWidth = 5 * (1 - age);
      context.beginPath();
      context.arc(x, y, particle.size * (0.3 + age * 0.7), 0, Math.PI * 2);
      context.stroke();
      break;
    case 'word':
      context.font = `750 ${particle.size}px "Avenir Next", "Segoe UI", "Liberation Sans", system-ui, sans-serif`;
      context.textAlign = 'center';
      context.lineWidth = 4;
      context.strokeStyle = 'rgb(5 14 24 / 80%)';
      context.strokeText(particle.word, x, y);
      context.fillStyle = particle.color;
      context.fillText(particle.word, x, y);
      break;
  }
}
