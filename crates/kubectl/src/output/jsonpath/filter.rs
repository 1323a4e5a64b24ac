//! `[?(@.type=="Ready")]`.

use serde_json::Value;

use super::{Step, eval::walk};

/// A condition on the items of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    pub left: Vec<Step>,
    pub operator: Operator,
    pub right: Vec<Step>,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Exists,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    pub fn read(text: &str) -> Option<Self> {
        Some(match text {
            "==" => Self::Equal,
            "!=" => Self::Unequal,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }
}

impl Filter {
    /// Whether an item stays.
    pub fn lets_through(&self, root: &Value, item: &Value) -> Result<bool, String> {
        let left = walk(&self.left, root, vec![item.clone()], true)?;
        if self.operator == Operator::Exists {
            return Ok(!left.is_empty());
        }
        let right = walk(&self.right, root, vec![item.clone()], true)?;
        match (left.as_slice(), right.as_slice()) {
            ([], _) | (_, []) => Ok(false),
            ([left], [right]) => self.compare(left, right),
            ([_], _) => Err("right can only be one element".to_owned()),
            _ => Err("can only compare one element at a time".to_owned()),
        }
    }

    fn compare(&self, left: &Value, right: &Value) -> Result<bool, String> {
        let order = match (left, right) {
            (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()),
            (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
            (Value::Bool(a), Value::Bool(b)) if matches!(self.operator, Operator::Equal | Operator::Unequal) => {
                Some(a.cmp(b))
            }
            _ => return Err("incompatible types for comparison".to_owned()),
        };
        let Some(order) = order else { return Ok(false) };
        Ok(match self.operator {
            Operator::Equal => order.is_eq(),
            Operator::Unequal => order.is_ne(),
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::Greater => order.is_gt(),
            Operator::GreaterOrEqual => order.is_ge(),
            Operator::Exists => true,
        })
    }
}
