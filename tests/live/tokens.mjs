// The tokenizer by itself: from stdin { live, head, texts, ids, alone }, where `head` is the path of the beginning of a GGUF file.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { live, head, texts, told } = JSON.parse(readFileSync(0, "utf8"));
const load = (name) => import(pathToFileURL(`${live}/${name}`));
const [{ read }, { Tokenizer }] = await Promise.all([load("gguf.js"), load("tokens.js")]);
const { says, tensors } = read(new Uint8Array(readFileSync(head)));
const tokenizer = new Tokenizer(says);
const ids = texts.map((text) => tokenizer.encode(text));
process.stdout.write(JSON.stringify({ ids, decoded: ids.map((one) => tokenizer.decode(one)), told: told.map((text) => tokenizer.tell(text)), tensors }));
