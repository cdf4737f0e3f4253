type Effect = 'shot' | 'far-shot' | 'hit' | 'hurt' | 'kill' | 'death' | 'crystal' | 'pickup' | 'portal';

interface Tone {
  wave: OscillatorType;
  /** Hertz, at the start and at the end. */
  from: number;
  to: number;
  seconds: number;
  volume: number;
  afterSeconds?: number;
}

const TONES: Readonly<Record<Effect, readonly Tone[]>> = {
  shot: [{ wave: 'triangle', from: 760, to: 210, seconds: 0.09, volume: 0.16 }],
  'far-shot': [{ wave: 'triangle', from: 520, to: 160, seconds: 0.07, volume: 0.035 }],
  hit: [{ wave: 'square', from: 320, to: 180, seconds: 0.05, volume: 0.07 }],
  hurt: [{ wave: 'sawtooth', from: 190, to: 80, seconds: 0.14, volume: 0.13 }],
  kill: [
    { wave: 'triangle', from: 520, to: 520, seconds: 0.1, volume: 0.15 },
    { wave: 'triangle', from: 780, to: 780, seconds: 0.18, volume: 0.15, afterSeconds: 0.09 },
  ],
  death: [{ wave: 'sawtooth', from: 330, to: 45, seconds: 0.55, volume: 0.15 }],
  crystal: [{ wave: 'sine', from: 1180, to: 1560, seconds: 0.13, volume: 0.13 }],
  pickup: [
    { wave: 'sine', from: 520, to: 520, seconds: 0.08, volume: 0.13 },
    { wave: 'sine', from: 820, to: 860, seconds: 0.15, volume: 0.13, afterSeconds: 0.07 },
  ],
  portal: [{ wave: 'sine', from: 180, to: 880, seconds: 0.5, volume: 0.13 }],
};

/** Made of plain tones; silent until the first gesture, as browsers want it. */
export class Sound {
  #context: AudioContext | undefined;
  on = true;

  /** Call from a click or key. */
  unlock(): void {
    try {
      this.#context ??= new AudioContext();
      void this.#context.resume();
    } catch {
      this.#context = undefined;
    }
  }

  play(effect: Effect): void {
    const context = this.#context;
    if (!this.on || context?.state !== 'running') return;
    for (const { wave, from, to, seconds, volume, afterSeconds = 0 } of TONES[effect]) {
      const start = context.currentTime + afterSeconds;
      const oscillator = context.createOscillator();
      const gain = context.createGain();
      oscillator.type = wave;
      oscillator.frequency.setValueAtTime(from, start);
      oscillator.frequency.exponentialRampToValueAtTime(to, start + seconds);
      gain.gain.setValueAtTime(volume, start);
      gain.gain.exponentialRampToValueAtTime(0.001, start + seconds);
      oscillator.connect(gain).connect(context.destination);
      oscillator.start(start);
      oscillator.stop(start + seconds);
    }
  }
}
