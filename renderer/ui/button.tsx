import type { ComponentProps } from 'react';
import { cx } from './cx.ts';
import { Icon, type IconName } from './icon.tsx';
import styles from './button.module.css';

export interface ButtonProps extends ComponentProps<'button'> {
  variant?: 'plain' | 'primary' | 'ghost' | 'danger';
  size?: 'small' | 'normal' | 'big';
  icon?: IconName;
  trailingIcon?: IconName;
  /** Something is under way: the button stays focusable and says so, and does nothing. */
  busy?: boolean;
}

export function Button({
  variant = 'plain',
  size = 'normal',
  icon,
  trailingIcon,
  busy = false,
  className,
  children,
  onClick,
  type = 'button',
  ...rest
}: ButtonProps) {
  const iconSize = size === 'small' ? 14 : 16;
  return (
    <button
      type={type}
      className={cx(styles.button, styles[variant], styles[size], className)}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      {...rest}
    >
      {icon !== undefined && <Icon name={icon} size={iconSize} />}
      {children}
      {trailingIcon !== undefined && <Icon name={trailingIcon} size={14} />}
    </button>
  );
}

export interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  icon: IconName;
  /** The accessible name. */
  label: string;
  size?: 'small' | 'normal';
  /** Drawn as switched on. */
  active?: boolean;
}

export function IconButton({
  icon,
  label,
  size = 'normal',
  active = false,
  className,
  type = 'button',
  ...rest
}: IconButtonProps) {
  return (
    <button
      type={type}
      className={cx(styles.iconButton, size === 'small' && styles.iconSmall, active && styles.active, className)}
      aria-label={label}
      {...rest}
    >
      <Icon name={icon} size={size === 'small' ? 14 : 16} />
    </button>
  );
}
