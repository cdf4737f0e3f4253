import { connect } from 'skerry/client';
import { type Line, Room, RoomView } from '../contracts.ts';

const list = document.querySelector('ul')!;
const form = document.querySelector('form')!;
const input = document.querySelector('input')!;

const client = await connect('/', { ticket: { name: prompt('Your name?') } });
client.implement(RoomView, { said: (line) => list.append(row(line)) });
const room = client.getProxy(Room, 'lobby');
list.prepend(...(await room.enter()).map(row));

form.onsubmit = (event) => {
  event.preventDefault();
  room.say(input.value);
  input.value = '';
};

function row({ from, text }: Line): HTMLElement {
  const item = document.createElement('li');
  item.textContent = `${from}: ${text}`;
  return item;
}
