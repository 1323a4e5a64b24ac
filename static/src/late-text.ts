// What the views say that are loaded late; importing this is enough.

import { add, german } from "./text";

add((german ? await import("../text/de.json?late") : await import("../text/en.json?late")).default);
