-- sqlite3 < demo.sql, in this folder, once wasmcell.so is built.
.load ./wasmcell
SELECT wasm_load('functions.wat', 500);
CREATE TABLE orders(id INTEGER PRIMARY KEY, customer TEXT, price REAL);
INSERT INTO orders(customer, price) VALUES ('Ada', 3), ('Bob', 4), ('Ada', NULL);
SELECT id, shout(customer), collatz(id) FROM orders;
SELECT customer, rms(price) FROM orders GROUP BY customer;
SELECT rms(price) IS NULL FROM orders WHERE id > 99;
SELECT collatz(0);   -- never ends
SELECT collatz('27');
