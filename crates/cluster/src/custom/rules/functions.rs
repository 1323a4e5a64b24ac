//! The functions that Kubernetes adds to CEL (kubernetes.io, "CEL in Kubernetes": lists, regular expressions, quantities).
//!
//! A quantity is its amount, as a number: that is all its functions ask of it.

use std::{
    cmp::Ordering,
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use cel::{
    DeclarationError, Env, ExecutionError, Value,
    common::{
        functions::Function,
        types::{DOUBLE_TYPE, INT_TYPE, LIST_TYPE, STRING_TYPE, Type},
        value::{CowVal, Val},
    },
};
use regex::Regex;

use super::super::formats;
use crate::admission::quantity::Quantity;

/// What rules run in; made once.
pub(super) fn environment() -> Arc<Env> {
    static ENVIRONMENT: OnceLock<Arc<Env>> = OnceLock::new();
    ENVIRONMENT
        .get_or_init(|| {
            let mut env = Env::stdlib();
            env.add_extension(cel::extensions::strings).expect("the standard library has none of these functions");
            add(&mut env).expect("each function below has a name and types of its own");
            Arc::new(env)
        })
        .clone()
}

/// A function's arguments, as plain values.
type Arguments = Vec<Value>;
type Answer = Result<Value, ExecutionError>;

/// Turns a function over values into one of the library's.
macro_rules! over_values {
    ($function:path) => {{
        fn called<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
            let values = args.iter().map(|value| Value::try_from(value.as_ref())).collect::<Result<Arguments, _>>();
            let values = values.map_err(|error| ExecutionError::InternalError(error.to_string()))?;
            let made: Box<dyn Val> =
                $function(values)?.try_into().map_err(|_| ExecutionError::missing_argument_or_target())?;
            Ok(CowVal::Owned(made))
        }
        called
    }};
}

fn add(env: &mut Env) -> Result<(), DeclarationError> {
    let members: [(&str, Type, Vec<Type>, Function); 16] = [
        ("isSorted", LIST_TYPE, vec![], over_values!(is_sorted)),
        ("sum", LIST_TYPE, vec![], over_values!(sum)),
        ("min", LIST_TYPE, vec![], over_values!(least)),
        ("max", LIST_TYPE, vec![], over_values!(most)),
        ("indexOf", LIST_TYPE, vec![cel::common::types::DYN_TYPE], over_values!(index_of)),
        ("lastIndexOf", LIST_TYPE, vec![cel::common::types::DYN_TYPE], over_values!(last_index_of)),
        ("find", STRING_TYPE, vec![STRING_TYPE], over_values!(find)),
        ("findAll", STRING_TYPE, vec![STRING_TYPE], over_values!(find_all)),
        ("isGreaterThan", DOUBLE_TYPE, vec![DOUBLE_TYPE], over_values!(is_greater)),
        ("isLessThan", DOUBLE_TYPE, vec![DOUBLE_TYPE], over_values!(is_less)),
        ("compareTo", DOUBLE_TYPE, vec![DOUBLE_TYPE], over_values!(compare_to)),
        ("asApproximateFloat", DOUBLE_TYPE, vec![], over_values!(first)),
        ("asInteger", DOUBLE_TYPE, vec![], over_values!(as_integer)),
        ("isInteger", DOUBLE_TYPE, vec![], over_values!(is_integer)),
        ("sign", DOUBLE_TYPE, vec![], over_values!(sign)),
        ("add", DOUBLE_TYPE, vec![DOUBLE_TYPE], over_values!(sum_of_two)),
    ];
    for (name, receiver, args, function) in members {
        env.add_member_overload(name, &format!("{}.{name}", receiver.name()), receiver, args, function)?;
    }
    env.add_member_overload("sub", "double.sub", DOUBLE_TYPE, vec![DOUBLE_TYPE], over_values!(difference))?;
    env.add_member_overload("add", "double.add.int", DOUBLE_TYPE, vec![INT_TYPE], over_values!(sum_of_two))?;
    let globals: [(&str, Function); 5] = [
        ("quantity", over_values!(quantity)),
        ("isQuantity", over_values!(is_quantity)),
        ("isIP", over_values!(is_address)),
        ("isCIDR", over_values!(is_block)),
        ("isURL", over_values!(is_url)),
    ];
    for (name, function) in globals {
        env.add_overload(name, &format!("{name}(string)"), vec![STRING_TYPE], function)?;
    }
    Ok(())
}

fn list(args: &[Value]) -> &[Value] {
    match args.first() {
        Some(Value::List(entries)) => entries,
        _ => &[],
    }
}

fn text(value: Option<&Value>) -> &str {
    match value {
        Some(Value::String(text)) => text,
        _ => "",
    }
}

fn number(value: Option<&Value>) -> f64 {
    match value {
        Some(Value::Float(number)) => *number,
        Some(Value::Int(number)) => *number as f64,
        _ => 0.0,
    }
}

fn is_sorted(args: Arguments) -> Answer {
    let ordered = |pair: &[Value]| pair[0].partial_cmp(&pair[1]).is_none_or(|order| order != Ordering::Greater);
    Ok(Value::Bool(list(&args).windows(2).all(ordered)))
}

fn sum(args: Arguments) -> Answer {
    let entries = list(&args);
    if entries.iter().any(|value| matches!(value, Value::Float(_))) {
        return Ok(Value::Float(entries.iter().map(|value| number(Some(value))).sum()));
    }
    let mut whole = entries.iter().map(|value| if let Value::Int(number) = value { *number } else { 0 });
    let total = whole.try_fold(0i64, i64::checked_add);
    total.map(Value::Int).ok_or_else(|| ExecutionError::function_error("sum", "integer overflow"))
}

fn extreme(name: &str, args: &[Value], wanted: Ordering) -> Answer {
    let better =
        |best: Value, value: &Value| if value.partial_cmp(&best) == Some(wanted) { value.clone() } else { best };
    let entries = list(args);
    let Some(start) = entries.first() else {
        return Err(ExecutionError::function_error(name, format!("{name} called on empty list")));
    };
    Ok(entries.iter().fold(start.clone(), better))
}

fn least(args: Arguments) -> Answer {
    extreme("min", &args, Ordering::Less)
}

fn most(args: Arguments) -> Answer {
    extreme("max", &args, Ordering::Greater)
}

fn place(place: Option<usize>) -> Answer {
    Ok(Value::Int(place.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1)))
}

fn index_of(args: Arguments) -> Answer {
    place(list(&args).iter().position(|value| Some(value) == args.get(1)))
}

fn last_index_of(args: Arguments) -> Answer {
    place(list(&args).iter().rposition(|value| Some(value) == args.get(1)))
}

fn pattern(args: &[Value]) -> Result<Regex, ExecutionError> {
    Regex::new(text(args.get(1))).map_err(|error| ExecutionError::function_error("find", error))
}

fn find(args: Arguments) -> Answer {
    let found = pattern(&args)?.find(text(args.first())).map_or("", |found| found.as_str()).to_owned();
    Ok(Value::String(Arc::new(found)))
}

fn find_all(args: Arguments) -> Answer {
    let pattern = pattern(&args)?;
    let all = pattern.find_iter(text(args.first())).map(|found| Value::String(Arc::new(found.as_str().to_owned())));
    Ok(Value::List(Arc::new(all.collect())))
}

fn amount(args: &[Value]) -> Option<f64> {
    let quantity = Quantity::from_json(&serde_json::Value::from(text(args.first()))).ok()?;
    // Thousandths as far as they fit, whole ones beyond.
    let milli = quantity.milli();
    Some(if milli.abs() < i64::MAX / 2 { milli as f64 / 1000.0 } else { quantity.value() as f64 })
}

fn quantity(args: Arguments) -> Answer {
    let wrong = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    amount(&args).map(Value::Float).ok_or_else(|| ExecutionError::function_error("quantity", wrong))
}

fn is_quantity(args: Arguments) -> Answer {
    Ok(Value::Bool(amount(&args).is_some()))
}

fn first(mut args: Arguments) -> Answer {
    Ok(args.swap_remove(0))
}

fn is_greater(args: Arguments) -> Answer {
    Ok(Value::Bool(number(args.first()) > number(args.get(1))))
}

fn is_less(args: Arguments) -> Answer {
    Ok(Value::Bool(number(args.first()) < number(args.get(1))))
}

fn compare_to(args: Arguments) -> Answer {
    Ok(Value::Int(number(args.first()).total_cmp(&number(args.get(1))) as i64))
}

fn sum_of_two(args: Arguments) -> Answer {
    Ok(Value::Float(number(args.first()) + number(args.get(1))))
}

fn difference(args: Arguments) -> Answer {
    Ok(Value::Float(number(args.first()) - number(args.get(1))))
}

fn as_integer(args: Arguments) -> Answer {
    Ok(Value::Int(number(args.first()) as i64))
}

fn is_integer(args: Arguments) -> Answer {
    Ok(Value::Bool(number(args.first()).fract() == 0.0))
}

fn sign(args: Arguments) -> Answer {
    let number = number(args.first());
    Ok(Value::Int(if number == 0.0 { 0 } else { number.signum() as i64 }))
}

fn is_address(args: Arguments) -> Answer {
    Ok(Value::Bool(text(args.first()).parse::<IpAddr>().is_ok()))
}

fn is_block(args: Arguments) -> Answer {
    Ok(Value::Bool(formats::is_cidr(text(args.first()))))
}

fn is_url(args: Arguments) -> Answer {
    Ok(Value::Bool(formats::holds("uri", text(args.first()))))
}
