// The greeter of ../wit/test.wit, as a JavaScript component.
export function greet(name) {
  return `Hello, ${name}!`;
}
