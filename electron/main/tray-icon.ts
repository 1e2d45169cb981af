/** A leader's hexagon, 32 pixels wide, in PNG: drawn at 16 points on dense screens and at its size elsewhere. */
export const TRAY_ICON =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAYAAABzenr0AAAA5klEQVR42mOoafvGMJCYUgPyoZjuDrAH4vtA/B+K70PFaO4AeSDej2QxOt4PVUN1B/ADcT2aZe+hYvVQNrJcPVQPVRwQj8WC+WgW8EPF0B0YT4kDQHF6HksQ6+PRo48lis7jSx+44hndN6BE5k9C3PqjJVJYqMkTckA+WnC/JyU+caQbdPPy8TlgPyEXk4HRQ3Q/MQ7YT0Q8E0oPRJlNjgPskXxjP+qAUQeMOmDEO+A8UqEEwv30dgC2BgnNHaCP5muahMCAVUYDXh0PeINkUDTJBk2jdNA0ywdFx2TQdM0GTeeUahgAsHzOMQwen84AAAAASUVORK5CYII=';
