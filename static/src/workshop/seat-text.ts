// What a learner's page says in a workshop; importing this is enough.

import { add, german } from "../text";

add((german ? await import("../../text/de.json?seat") : await import("../../text/en.json?seat")).default);
