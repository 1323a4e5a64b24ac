use proptest::prelude::*;

use super::*;

fn canonical(text: &str) -> String {
    text.parse::<Quantity>().map_or_else(|error| error.to_string(), |quantity| quantity.to_string())
}

#[test]
fn amounts_are_written_back_in_their_shortest_form() {
    let table = [
        ("0.5", "500m"),
        ("1.50", "1500m"),
        ("1024M", "1024M"),
        ("1048576Ki", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("512", "512"),
        ("100Ki", "100Ki"),
        ("1023Mi", "1023Mi"),
        ("0.5Ki", "512"),
        ("1000m", "1"),
        ("1000", "1k"),
        ("1e3", "1e3"),
        ("12e-1", "1200e-3"),
        ("-1", "-1"),
        ("+2", "2"),
        (".5", "500m"),
        ("0", "0"),
        ("0Gi", "0"),
        ("0.1n", "1n"),
        ("100000E", "9223372036854775807"),
        ("2000Ei", "8Ei"),
    ];
    for (given, expected) in table {
        // The cap is 2^63-1, which has no shorter form in either notation.
        let expected = if given == "2000Ei" { "9223372036854775807" } else { expected };
        assert_eq!(canonical(given), expected, "{given}");
    }
}

#[test]
fn what_is_no_quantity_is_refused_in_words() {
    for text in ["", "abc", "64MB", "1 Gi", "-", "Gi", "1Gi "] {
        assert_eq!(text.parse::<Quantity>().unwrap_err(), QuantityError::Format, "{text}");
    }
    for text in ["1mi", "1KiKi", "1K", "1e", "1ee3"] {
        assert_eq!(text.parse::<Quantity>().unwrap_err(), QuantityError::Suffix, "{text}");
    }
    assert_eq!("1.2.3".parse::<Quantity>().unwrap_err(), QuantityError::Number);
}

#[test]
fn parts_are_rounded_up() {
    let quantity = "1.0001".parse::<Quantity>().unwrap();
    assert_eq!((quantity.value(), quantity.milli()), (2, 1001));
    assert_eq!(quantity.rounded_to_milli().to_string(), "1001m");
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in ".{0,24}") {
        let _ = text.parse::<Quantity>();
    }

    #[test]
    fn the_canonical_form_is_stable_and_equal(number in "[0-9]{1,12}(\\.[0-9]{0,6})?", unit in "(n|u|m||k|M|G|T|Ki|Mi|Gi|e3|e-2)") {
        let quantity: Quantity = format!("{number}{unit}").parse().unwrap();
        let again: Quantity = quantity.to_string().parse().unwrap();
        prop_assert_eq!(quantity, again);
        prop_assert_eq!(quantity.to_string(), again.to_string());
    }

    #[test]
    fn order_is_that_of_the_values(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000) {
        let of = |milli: i64| format!("{milli}m").parse::<Quantity>().unwrap();
        prop_assert_eq!(of(a).cmp(&of(b)), a.cmp(&b));
        prop_assert_eq!((of(a) + of(b)).milli(), a + b);
    }
}
