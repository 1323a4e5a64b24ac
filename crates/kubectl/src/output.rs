//! What a command prints: tables, YAML, JSON and the rest of `-o`.

pub mod age;
pub mod columns;
pub mod json;
pub mod jsonpath;
pub mod kyaml;
pub mod printer;
pub mod sort;
pub mod table;
pub mod tabs;
pub mod template;
pub mod yaml;
