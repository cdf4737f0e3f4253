import { NodeEntity } from 'skerry';

class Place {
  readonly opened: Promise<void>;
  readonly reached: Promise<void>;
  open!: () => void;
  reach!: () => void;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
    this.reached = new Promise((resolve) => {
      this.reach = resolve;
    });
  }
}

/** A place where tests let operations wait, whatever the contract is called: it names no contract, so it adds none to a game. */
export class Gatekeeper extends NodeEntity {
  private readonly places = new Map<string, Place>();

  pass(name: string): Promise<void> {
    const place = this.place(name);
    place.reach();
    return place.opened;
  }

  async open(name: string): Promise<void> {
    this.place(name).open();
  }

  reached(name: string): Promise<void> {
    return this.place(name).reached;
  }

  private place(name: string): Place {
    let place = this.places.get(name);
    if (place === undefined) {
      place = new Place();
      this.places.set(name, place);
    }
    return place;
  }
}
