//! How large a map is drawn.

/// The width and height, of at most those of the `area`, for a map of so many columns and rows: with
/// square elements, of whole places where they are much larger, unless that leaves most of the area empty.
pub fn fit((columns, rows): (usize, usize), area: (usize, usize)) -> (usize, usize) {
    let (columns, rows) = (columns.max(1) as f64, rows.max(1) as f64);
    let room = (area.0 as f64, area.1 as f64);
    let scale = (room.0 / columns).min(room.1 / rows);
    let scale = if scale >= 2.0 { scale.floor() } else { scale };
    let (width, height) = ((columns * scale).round(), (rows * scale).round());
    if width < room.0 / 4.0 || height < room.1 / 4.0 {
        // The sides are too different: elements are as wide and as high as they can be.
        let side = |room: f64, n: f64| if n < room { (room / n).floor() * n } else { room };
        return (side(room.0, columns) as usize, side(room.1, rows) as usize);
    }
    (width.clamp(1.0, room.0) as usize, height.clamp(1.0, room.1) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_square_unless_the_sides_are_too_different() {
        assert_eq!(fit((640, 480), (800, 500)), (667, 500));
        assert_eq!(fit((6400, 4800), (800, 500)), (667, 500));
        assert_eq!(fit((6, 8), (70, 36)), (24, 32));
        assert_eq!(fit((100_000, 3), (800, 500)), (800, 498));
        assert_eq!(fit((1, 1 << 40), (70, 36)), (70, 36));
        assert_eq!(fit((1, 1), (70, 36)), (36, 36));
    }
}
