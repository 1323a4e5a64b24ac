//! The project as a whole, from the outside.
