//! How much work a rule may be: the library that runs CEL counts nothing, so it is bounded beforehand.

use cel::{
    Program,
    common::ast::{Expr, IdedExpr},
};
use serde_json::Value;

/// How many steps a rule may take on a value, in the worst case. The API server's own budget is as large, in units of
/// its own.
const MOST_STEPS: f64 = 10_000_000.0;

/// How often a value's content is gone through inside of going through it.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Depth {
    /// Nested `all`, `exists`, `map`, …
    loops: i32,
    /// Calls that can make a text longer than its parts together.
    growth: i32,
}

/// Whether a rule could take too long on a value.
pub(super) fn is_too_much(program: &Program, value: &Value, old: Option<&Value>) -> bool {
    let (nodes, letters) = size(value);
    let (old_nodes, old_letters) = old.map_or((0.0, 0.0), size);
    let depth = deepest(program.expression());
    steps(depth, nodes + old_nodes, letters + old_letters) > MOST_STEPS
}

fn steps(depth: Depth, nodes: f64, letters: f64) -> f64 {
    nodes.max(2.0).powi(depth.loops) * letters.max(2.0).powi(depth.growth)
}

/// How many values are in a value, and how many letters.
fn size(value: &Value) -> (f64, f64) {
    let sum = |all: (f64, f64), one: (f64, f64)| (all.0 + one.0, all.1 + one.1);
    match value {
        Value::String(text) => (1.0, text.len() as f64),
        Value::Array(entries) => entries.iter().map(size).fold((1.0, 0.0), sum),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| sum(size(value), (0.0, key.len() as f64))).fold((1.0, 0.0), sum)
        }
        _ => (1.0, 1.0),
    }
}

fn deepest(expression: &IdedExpr) -> Depth {
    let most = |parts: &[&IdedExpr]| {
        parts
            .iter()
            .map(|part| deepest(part))
            .fold(Depth::default(), |a, b| Depth { loops: a.loops.max(b.loops), growth: a.growth.max(b.growth) })
    };
    match &expression.expr {
        Expr::Call(call) => {
            let mut parts: Vec<&IdedExpr> = call.args.iter().collect();
            parts.extend(call.target.as_deref());
            let mut depth = most(&parts);
            depth.growth += i32::from(matches!(call.func_name.as_str(), "replace" | "join" | "split" | "format"));
            depth
        }
        Expr::Comprehension(one) => {
            let outside = most(&[&one.iter_range, &one.accu_init, &one.result]);
            let inside = most(&[&one.loop_cond, &one.loop_step]);
            Depth { loops: outside.loops.max(inside.loops) + 1, growth: outside.growth.max(inside.growth) }
        }
        Expr::List(list) => most(&list.elements.iter().collect::<Vec<_>>()),
        Expr::Select(select) => most(&[&select.operand]),
        _ => Depth::default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn depth(rule: &str) -> (i32, i32) {
        let depth = deepest(super::super::compile(rule).unwrap().expression());
        (depth.loops, depth.growth)
    }

    #[test]
    fn loops_in_loops_are_counted() {
        assert_eq!(depth("self.a == 1"), (0, 0));
        assert_eq!(depth("self.a.all(x, x > 1) && self.b.exists(x, x == 2)"), (1, 0));
        assert_eq!(depth("self.a.all(x, self.b.exists(y, y == x))"), (2, 0));
        assert_eq!(depth("self.a.replace('a', self.a).replace('b', self.a) == ''"), (0, 2));
    }

    #[test]
    fn what_would_take_for_ever_is_not_begun() {
        let program = super::super::compile("self.all(x, self.all(y, self.all(z, x + y + z != 7)))").unwrap();
        assert!(!is_too_much(&program, &json!([1, 2, 3]), None));
        assert!(is_too_much(&program, &vec![1; 1000].into(), None));
    }
}
